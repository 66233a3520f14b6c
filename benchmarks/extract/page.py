"""The committed table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.extract.results import QUIET, Night, Result, is_own

NOTES = Path(__file__).with_name("notes.md")  # what a person makes of the numbers
_HEAD = (
    "| extractor | rows, first load | rows per CPU s | CPU s | wall s | peak MB | calls, first load → next day "
    "| rows, next day | CPU s, next day | peak MB, next day | lost | stale | formulas | ghosts | doubled |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
)
_TEXT = """# Extraction, measured

`python -m benchmarks.extract` reads copies of one world of both CRMs with each extractor in an environment of its own, one after the other, one run each; the sandbox's own CPU time
is left out. Ours ends in merged raw tables, the others in a file of messages that somebody has yet to load. The *floor* is a download by Python's standard library to files (Bulk 2.0 results, HubSpot's list pages with
history and links), in which no row is parsed; it reads what is live, and Salesforce's deleted rows, and has no next day.

Wrong after the next day, in records: *lost* is live in the CRM and missing or deleted here, *stale* is known by an older stamp, *formulas* by an older value of a formula, *ghosts* are
known as live though deleted, merged away or gone, *doubled* are rows beyond one a record. A hyphen: the output keeps no table of records to compare.
"""  # noqa: E501 - a page of prose


def write_page(path: Path, results: Mapping[str, Sequence[Result]]) -> None:
    """Write a table for each size to `path`, and behind them what a person makes of them."""
    lines = [_TEXT]
    for size, measured in results.items():
        is_alone, world = all(is_own(one.extractor) for one in measured), size.removesuffix(QUIET)
        is_quiet = world != size
        title = f"{'Ours' if is_alone else 'All'} on a world of {_deals(world)}{', a quiet day' if is_quiet else ''}"
        machines = "; ".join(dict.fromkeys(one.machine for one in measured)) if is_alone else measured[0].machine
        options = f"`{'--ours' if is_alone else '--size'} {world}{' --quiet-day' if is_quiet else ''}`"
        days = dict.fromkeys(one.day for one in measured if one.day)
        lines += [
            f"## {title}",
            "",
            " ".join([f"{options} on {machines}.", *(f"The next day: {day}." for day in days)]),
        ]
        lines += ["", *_HEAD, *map(_line, measured), ""]
        failures = [
            f"- {one.extractor}, night {number}: {night.used.failure}"
            for one in measured
            for number, night in enumerate(one.nights, 1)
            if night.used.failure
        ]
        lines += ["Runs that did not end well:", "", *failures, ""] if failures else []
    path.write_text("\n".join(lines).rstrip() + "\n\n" + NOTES.read_text())


def _deals(size: str) -> str:
    """A world's size in words: `20000` or `1M+500`."""
    if "+" in size:
        salesforce, hubspot = size.split("+")
        return f"{salesforce} Salesforce and {hubspot} HubSpot deals"
    return f"{int(size):,} deals" if size.isdigit() else f"{size} deals"


def _line(result: Result) -> str:
    first = result.nights[0]
    following = result.nights[1] if len(result.nights) > 1 else None
    verdict = result.verdict
    wrong = (
        ("-",) * 5
        if verdict is None
        else (verdict.lost, verdict.stale, verdict.formulas, verdict.ghosts, verdict.doubled)
    )
    cells = [
        result.extractor,
        f"{first.rows:,}",
        f"{_rate(first):,.0f}",
        f"{first.used.cpu_seconds:.1f}",
        f"{first.used.wall_seconds:.1f}",
        _megabytes(first),
        *_next_day(first, following),
        *map(str, wrong),
    ]
    return f"| {' | '.join(cells)} |"


def _next_day(first: Night, following: Night | None) -> tuple[str, ...]:
    if following is None:
        return f"{first.used.calls:,}", "-", "-", "-"
    used = following.used
    calls = f"{first.used.calls:,} → {used.calls:,}"
    return calls, f"{following.rows:,}", f"{used.cpu_seconds:.1f}", _megabytes(following)


def _megabytes(night: Night) -> str:
    return f"{night.used.peak_mb:.0f}" if night.used.peak_mb else "-"


def _rate(night: Night) -> float:
    return night.rows / night.used.cpu_seconds if night.used.cpu_seconds else 0.0
