"""`python -m benchmarks.warehouse`: the marts of ever larger worlds, built from nothing and after one day.

Each size is a generated world of both CRMs, whose records are written to raw tables directly: what the connectors
cost is measured by benchmarks.extract. A night is what the nightly run does between them and publishing: conformed
tables, findings, marts, without dbt's tests. The results of each size are kept below data/benchmark/; the page shows
the last of every size.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.warehouse.building import Night, Step, build_night
from benchmarks.warehouse.comparing import differing_tables
from benchmarks.warehouse.page import write_page
from benchmarks.warehouse.raw_rows import PROJECT_DIR, Day, Volume, fill, make_world, merge, play_day, volume
from connectors.sandbox.world.scale import parse_size

FOLDER = PROJECT_DIR / "data" / "benchmark" / "warehouse"
RESULTS = PROJECT_DIR / "benchmarks" / "results" / "warehouse.md"
COUNTED = ("int_opportunity_versions", "fct_pipeline_balance_change", "fct_opportunity_event")


@dataclass
class Result:
    """What one size took."""

    size: str
    machine: str
    volume: Volume
    day: Day
    full: Night
    next_day: Night
    rows: dict[str, int]
    differing: dict[str, int] | None


def main() -> None:
    """Measure the sizes asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="20k,100k,1M", help="deals, such as 20k, or 1M+500 for Salesforce's"
                        " and HubSpot's; several with commas")  # fmt: skip
    parser.add_argument("--compare", type=int, default=100_000, help="build the second night from nothing, too, and"
                        " compare every row, for sizes up to this (default 100000)")  # fmt: skip
    parser.add_argument("--page", action="store_true", help="only write the page again")
    arguments = parser.parse_args()
    if not arguments.page:
        for size in arguments.sizes.split(","):
            scale = parse_size(size, seed=1)
            compares = scale.salesforce_deals + scale.hubspot_deals <= arguments.compare
            result = _measure(size, compares=compares)
            (FOLDER / f"result-{size}.json").write_text(json.dumps(asdict(result), indent=1))
    write_page(RESULTS, [_read(path) for path in FOLDER.glob("result-*.json")])
    sys.stdout.write(RESULTS.read_text())


def _measure(size: str, *, compares: bool) -> Result:
    pristine = FOLDER / f"world-{size}.duckdb"
    FOLDER.mkdir(parents=True, exist_ok=True)
    _say(f"{size}: the world")
    make_world(pristine, size)
    folder = FOLDER / size
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    world, warehouse = folder / "world.duckdb", folder / "warehouse.duckdb"
    shutil.copy(pristine, world)
    as_of = fill(world, warehouse)
    amount = volume(warehouse)
    _say(f"{size}: everything from nothing, {amount}")
    full = build_night(warehouse, as_of, folder)
    _say(f"{size}: {full.model_seconds:.0f} s in models, {full.peak_mb:.0f} MB; the next day")
    play_day(world)
    as_of, day = merge(world, warehouse)
    next_day = build_night(warehouse, as_of, folder)
    _say(f"{size}: {next_day.model_seconds:.0f} s in models after {day}")
    differing = _compared(world, warehouse, folder) if compares else None
    result = Result(size, _machine(), amount, day, full, next_day, _counts(warehouse), differing)
    shutil.rmtree(folder)
    return result


def _compared(world: Path, warehouse: Path, folder: Path) -> dict[str, int]:
    built = folder / "built" / "warehouse.duckdb"
    built.parent.mkdir()
    with duckdb.connect(str(built)) as connection:
        # what was found, and since when, is history of its own
        connection.execute(f"attach '{warehouse}' as grown (read_only)")
        connection.execute("create schema quality")
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'grown' and schema_name = 'quality'"
        ).fetchall():
            connection.execute(f"create table quality.{table} as from grown.quality.{table}")
    build_night(built, fill(world, built), built.parent)
    return differing_tables(warehouse, built)


def _counts(warehouse: Path) -> dict[str, int]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counted = connection.execute(
            "select table_name, estimated_size from duckdb_tables() where table_name in ?", [list(COUNTED)]
        ).fetchall()
    return {str(name): int(rows) for name, rows in counted}


def _read(path: Path) -> Result:
    found = json.loads(path.read_text())
    for name in ("full", "next_day"):
        night = found[name]
        found[name] = Night([Step(**step) for step in night["steps"]], night["file_mb"])
    return Result(**{**found, "volume": Volume(**found["volume"]), "day": Day(**found["day"])})


def _machine() -> str:
    load = os.getloadavg()[0]
    day = datetime.now(UTC).date().isoformat()
    return f"{day}, {os.cpu_count()} cores (load {load:.1f}), Python {platform.python_version()}, {platform.system()}"


def _say(text: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")


if __name__ == "__main__":
    main()
