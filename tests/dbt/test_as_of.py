"""A build speaks of its as_of alone: what day it is where it runs changes no row of any table."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from expectations import create_quality_tables
from tests.dbt.conftest import Built
from tests.support.compared_files import differences
from tests.support.dbt_process import DbtProcess
from tests.support.raw_tables import load_raw_tables
from tests.support.warehouse import BUILD_WITHOUT_TESTS

TODAY = "import datetime, duckdb; print(datetime.date.today(), *duckdb.sql('select current_date').fetchone())"


@pytest.mark.long  # builds the whole warehouse again
def test_a_past_as_of_gives_the_same_rows_on_another_calendar_day(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the world's clock stands in the past already; of two zones at the ends of the world, one has another day than UTC
    monkeypatch.setenv("TZ", "UTC")
    today = _today()
    monkeypatch.setenv("TZ", "Pacific/Kiritimati" if datetime.now(UTC).hour >= 10 else "Pacific/Pago_Pago")
    other_day = _today()
    assert len({*today, *other_day}) == 2
    assert set(today).isdisjoint(other_day)
    again = tmp_path / "warehouse.duckdb"
    as_of = load_raw_tables(built.world, again)
    create_quality_tables(again)

    elsewhere = DbtProcess()
    elsewhere.run(
        [*BUILD_WITHOUT_TESTS, "--select", "*", "--vars", f"{{as_of: '{as_of:%Y-%m-%d %H:%M:%S}'}}"],
        {
            "CRM_WAREHOUSE": str(again),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
        },
    )
    elsewhere.close()

    assert as_of == built.as_of
    assert differences(built.warehouse, again, "reference", "intermediate", "marts") == {}


def _today() -> list[str]:
    """The calendar day of Python and of DuckDB in a process that begins now."""
    found = subprocess.run([sys.executable, "-c", TODAY], capture_output=True, text=True, check=True)
    return found.stdout.split()
