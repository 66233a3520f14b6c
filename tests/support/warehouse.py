"""Warehouses built from a sandbox world by the project's own dbt models, without a sync."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from expectations import create_quality_tables
from tests.support.dbt_process import DbtProcess
from tests.support.raw_tables import load_raw_tables

BUILD_WITHOUT_TESTS = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
CONFORMED = "+path:models/intermediate"


def build_conformed(world: Path, warehouse: Path, *, target: Path) -> datetime:
    """Raw tables, seeds, staging and conformed tables of a world in the file `warehouse`; returns its as_of.

    `target` is where dbt writes what it compiled.
    """
    as_of = load_raw_tables(world, warehouse)
    create_quality_tables(warehouse)
    run_dbt(warehouse, as_of, target=target, select=CONFORMED)
    return as_of


def run_dbt(
    warehouse: Path,
    as_of: datetime,
    *,
    target: Path,
    select: str,
    variables: str = "",
    command: Sequence[str] = BUILD_WITHOUT_TESTS,
) -> None:
    """Build `select` in `warehouse` at `as_of`, or do something else with it; no lock stays behind."""
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    _started_dbt().run(
        [*command, "--select", *select.split(), "--vars", f"{{as_of: '{moment}'{variables}}}"],
        _environment(warehouse, target),
    )


def write_dbt_artifacts(folder: Path) -> None:
    """What `dbt parse` leaves in its target folder: manifest.json and semantic_manifest.json."""
    _started_dbt().write_artifacts(_environment(folder / "warehouse.duckdb", folder))


def _environment(warehouse: Path, target: Path) -> dict[str, str]:
    return {"CRM_WAREHOUSE": str(warehouse), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target / "logs")}


@cache
def _started_dbt() -> DbtProcess:
    """One process for all builds of this test run: it parses the project once."""
    process = DbtProcess()
    atexit.register(process.close)
    return process
