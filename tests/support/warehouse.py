"""Warehouses built from a sandbox world by the project's own dbt models, without a sync."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from expectations import create_quality_tables
from tests.support.raw_tables import load_raw_tables

PROJECT = Path(__file__).resolve().parents[2]
CONFORMED = "+path:models/intermediate"


def build_conformed(world: Path, warehouse: Path, *, target: Path) -> datetime:
    """Raw tables, seeds, staging and conformed tables of a world in the file `warehouse`; returns its as_of.

    `target` keeps dbt's parse between builds: give all builds of a session the same folder (about 5 s each saved).
    """
    as_of = load_raw_tables(world, warehouse)
    create_quality_tables(warehouse)
    run_dbt(warehouse, as_of, target=target, select=CONFORMED)
    return as_of


def run_dbt(warehouse: Path, as_of: datetime, *, target: Path, select: str, variables: str = "") -> None:
    """Build `select` in `warehouse` at `as_of`, tests left out. A process of its own, so that no lock stays behind."""
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    dbt = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "build"]
    what = ["--select", select, "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    where = ["--project-dir", str(PROJECT / "dbt"), "--profiles-dir", str(PROJECT / "dbt")]
    environment = {
        **os.environ,
        "CRM_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        "DO_NOT_TRACK": "1",
    }
    done = subprocess.run(
        [*dbt, *what, *where, "--vars", f"{{as_of: '{moment}'{variables}}}"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"dbt build of {select} failed:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
