"""The committed table."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.extract.__main__ import Night, Result

_HEAD = (
    "| extractor | rows, first load | rows per CPU s | CPU s | wall s | peak MB | calls, first load → next day "
    "| rows, next day | CPU s, next day | lost | stale | formulas | ghosts | doubled |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def write_page(
    path: Path, results: Sequence["Result"], alone: Sequence["Result"], *, sizes: tuple[str, str], machine: str
) -> None:
    """Write both tables to `path`."""
    lines = [
        "# Extraction, measured",
        "",
        f"`python -m benchmarks.extract --size {sizes[0]} --ours {sizes[1]}` on {machine}. One run each, one after the "
        "other, on copies of one world of both CRMs; the sandbox's own CPU time is left out. Ours ends in merged raw "
        "tables, the others in a file of messages that somebody has yet to load.",
        "",
        "Wrong after the next day, in records: *lost* is live in the CRM and missing or deleted here, *stale* is known "
        "by an older stamp, *formulas* by an older "
        "value of a formula, *ghosts* are known as live though deleted, merged away or gone, *doubled* are rows beyond "
        "one a record. A hyphen: the output keeps no table of records to compare.",
        "",
        f"## All on a world of {int(sizes[0]):,} deals",
        "",
        *_HEAD,
        *(_line(result) for result in results),
    ]
    if alone:
        lines += ["", f"## Ours on a world of {int(sizes[1]):,} deals", "", *_HEAD, *(_line(one) for one in alone)]
    failures = [
        f"- {one.extractor.name}, night {number}: {night.used.failure}"
        for one in (*results, *alone)
        for number, night in enumerate(one.nights, 1)
        if night.used.failure
    ]
    lines += ["", "Runs that did not end well:", "", *failures] if failures else []
    path.write_text("\n".join(lines) + "\n")


def _line(result: "Result") -> str:
    first, following = result.nights
    verdict = result.verdict
    wrong = (
        ("-",) * 5
        if verdict is None
        else (verdict.lost, verdict.stale, verdict.formulas, verdict.ghosts, verdict.doubled)
    )
    cells = [
        result.extractor.name,
        f"{first.rows:,}",
        f"{_rate(first):,.0f}",
        f"{first.used.cpu_seconds:.1f}",
        f"{first.used.wall_seconds:.1f}",
        f"{first.used.peak_mb:.0f}",
        f"{first.used.calls:,} → {following.used.calls:,}",
        f"{following.rows:,}",
        f"{following.used.cpu_seconds:.1f}",
        *map(str, wrong),
    ]
    return f"| {' | '.join(cells)} |"


def _rate(night: "Night") -> float:
    return night.rows / night.used.cpu_seconds if night.used.cpu_seconds else 0.0
