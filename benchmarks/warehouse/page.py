"""The committed page: sizes beside each other, how they grow, and which models dominate."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.warehouse.building import MEMORY_LIMIT

if TYPE_CHECKING:
    from benchmarks.warehouse.__main__ import Result

SHOWN_MODELS = 15
NOTES = Path(__file__).with_name("notes.md")  # what the numbers say, written by who measured


def write_page(path: Path, results: Sequence["Result"]) -> None:
    """Write the tables of all sizes to `path`."""
    ordered = sorted(results, key=lambda result: result.volume.opportunities)
    lines = [
        "# The warehouse, measured",
        "",
        "`python -m benchmarks.warehouse`: raw tables of a generated world of both CRMs, then what the night does with"
        " them: conformed tables, findings, marts, without dbt's tests. *Full* builds everything from nothing; *next"
        " day* follows one day of that world, merged into the raw tables. Model seconds are dbt's own, summed over"
        " models, which run one after the other; wall and CPU seconds are of whole processes, imports and parsing"
        f" included. DuckDB may keep {MEMORY_LIMIT} in memory. Where the load of the machine is above its cores, other"
        " work ran beside: wall and model seconds are longer for it, CPU seconds hardly.",
        "",
        *_volumes(ordered),
        "",
        *_nights(ordered),
        "",
        *_growth(ordered),
        "",
        *_dominating(ordered[-1]),
        "",
        *_same_rows(ordered),
        "",
        NOTES.read_text().strip(),
    ]
    path.write_text("\n".join(lines) + "\n")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _volumes(results: Sequence["Result"]) -> list[str]:
    head = ["opportunities", "history rows each", "activities each", "raw rows", "rows of the day",
            "opportunities of the day", "versions", "balance changes per version", "machine"]  # fmt: skip
    rows = []
    for one in results:
        deals, versions = one.volume.opportunities, one.rows["int_opportunity_versions"]
        rows.append([
            f"{deals:,}",
            f"{one.volume.history_rows / deals:.1f}",
            f"{one.volume.activities / deals:.1f}",
            f"{one.volume.rows:,}",
            f"{one.day.rows:,}",
            f"{one.day.opportunities:,} ({one.day.opportunities / deals:.1%})",
            f"{versions:,}",
            f"{one.rows['fct_pipeline_balance_change'] / versions:.2f}",
            one.machine,
        ])  # fmt: skip
    return ["## What is built from", "", *_table(head, rows)]


def _nights(results: Sequence["Result"]) -> list[str]:
    head = ["opportunities", "night", "model s", "of full", "wall s", "CPU s", "of full", "peak MB", "file MB"]
    rows = []
    for one in results:
        for name, night in (("full", one.full), ("next day", one.next_day)):
            rows.append([
                f"{one.volume.opportunities:,}",
                name,
                f"{night.model_seconds:.1f}",
                f"{night.model_seconds / one.full.model_seconds:.0%}",
                f"{night.wall_seconds:.1f}",
                f"{night.cpu_seconds:.1f}",
                f"{night.cpu_seconds / one.full.cpu_seconds:.0%}",
                f"{night.peak_mb:,.0f}",
                f"{night.file_mb:,.0f}",
            ])  # fmt: skip
    steps = [
        [f"{one.volume.opportunities:,}", name]
        + [f"{step.wall_seconds:.1f} / {step.peak_mb:,.0f}" for step in night.steps]
        for one in results
        for name, night in (("full", one.full), ("next day", one.next_day))
    ]
    names = [step.name for step in results[0].full.steps]
    return [
        *("## What a night takes", "", *_table(head, rows), "", "Wall seconds / peak MB of each step:", ""),
        *_table(["opportunities", "night", *names], steps),
    ]


def _growth(results: Sequence["Result"]) -> list[str]:
    rows = []
    for smaller, larger in pairwise(results):
        times = larger.volume.opportunities / smaller.volume.opportunities
        rows.append([
            f"{smaller.volume.opportunities:,} → {larger.volume.opportunities:,}",
            f"{times:.1f}",
            *(
                f"{ratio:.1f} (n^{math.log(ratio) / math.log(times):.2f})"
                for ratio in (
                    larger.full.model_seconds / smaller.full.model_seconds,
                    larger.next_day.model_seconds / smaller.next_day.model_seconds,
                    larger.full.peak_mb / smaller.full.peak_mb,
                    larger.full.file_mb / smaller.full.file_mb,
                )
            ),
        ])  # fmt: skip
    head = ["from → to", "times the deals", "times the model s, full", "next day", "peak MB", "file MB"]
    return ["## How it grows", "", *_table(head, rows)] if rows else []


def _dominating(result: "Result") -> list[str]:
    def table(models: dict[str, float], other: dict[str, float], other_name: str) -> list[str]:
        total = sum(models.values())
        chosen = sorted(models, key=lambda name: -models[name])[:SHOWN_MODELS]
        rows = [
            [f"`{name}`", f"{models[name]:.1f}", f"{models[name] / total:.0%}", f"{other.get(name, 0):.1f}"]
            for name in chosen
        ]
        return _table(["model", "s", "share", other_name], rows)

    return [
        *(f"## What dominates at {result.volume.opportunities:,}", "", "Full:", ""),
        *table(result.full.models, result.next_day.models, "next day, s"),
        *("", "Next day:", ""),
        *table(result.next_day.models, result.full.models, "full, s"),
    ]


def _same_rows(results: Sequence["Result"]) -> list[str]:
    lines = ["## The same rows", ""]
    for one in results:
        if one.differing is None:
            continue
        said = "the same rows as a build from nothing, in every table of `intermediate` and `marts`"
        if one.differing:
            said = "other rows than a build from nothing: " + ", ".join(
                f"`{name}` {rows:,}" for name, rows in one.differing.items()
            )
        lines.append(f"- {one.volume.opportunities:,}: the next day gave {said}.")
    return lines
