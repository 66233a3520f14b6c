"""One run per connection, across processes and inside one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from connectors.engine import open_warehouse, read_warehouse
from connectors.errors import EXIT_TRY_LATER, BusyError, ConfigurationError
from connectors.landing import LandingLog, LoadRequest, Window
from connectors.schema import TableSchema
from tests.connectors.core.ledger_crm import FIRST_NIGHT

HOLD_LEASE = """
import sys, time
from pathlib import Path
from connectors.landing import LandingLog
lease = LandingLog(Path(sys.argv[1])).lease("ledger")
print("held", flush=True)
time.sleep(60)
"""
HOLD_FILE = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def start(program: str, argument: Path) -> subprocess.Popen[str]:
    """Run `program` until it says that it holds what it should hold."""
    process = subprocess.Popen([sys.executable, "-c", program, str(argument)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """kill -9, and close the pipe."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_second_process_is_told_who_is_busy_since_when(tmp_path: Path) -> None:
    holder = start(HOLD_LEASE, tmp_path)
    try:
        with pytest.raises(BusyError) as caught:
            LandingLog(tmp_path).lease("ledger")
    finally:
        end(holder)

    assert f"held by process {holder.pid} on {os.uname().nodename}" in str(caught.value)
    assert "busy since 20" in str(caught.value)
    assert caught.value.exit_code == EXIT_TRY_LATER == 75


def test_a_killed_holder_leaves_the_lease_free(tmp_path: Path) -> None:
    end(start(HOLD_LEASE, tmp_path))

    with LandingLog(tmp_path).lease("ledger") as lease:
        lease.check("ledger")


def test_two_runs_inside_one_process_exclude_each_other(tmp_path: Path) -> None:
    with LandingLog(tmp_path).lease("ledger"), pytest.raises(BusyError, match=f"process {os.getpid()}"):
        LandingLog(tmp_path).lease("ledger")


def test_two_connections_do_not_wait_for_each_other(tmp_path: Path) -> None:
    log = LandingLog(tmp_path)
    with log.lease("salesforce") as one, log.lease("hubspot") as other:
        one.check("salesforce")
        other.check("hubspot")


def test_nothing_is_written_without_the_connections_own_lease(tmp_path: Path) -> None:
    log = LandingLog(tmp_path)
    window = Window(None, FIRST_NIGHT)
    request = LoadRequest("ledger", "Deal", "rows", window, TableSchema(()), "upsert", "deal", "org-1")
    with log.lease("other") as lease, pytest.raises(ConfigurationError, match="open lease"):
        log.open_load(request, lease)
    with pytest.raises(ConfigurationError, match="open lease"):
        log.open_load(request, lease)


def test_a_warehouse_that_stays_open_elsewhere_is_an_error_that_names_the_holder(tmp_path: Path) -> None:
    waits: list[float] = []
    holder = start(HOLD_FILE, tmp_path / "warehouse.duckdb")
    try:
        with (
            pytest.raises(BusyError, match=f"process {holder.pid}"),
            open_warehouse(tmp_path / "warehouse.duckdb", wait_seconds=2, sleep=waits.append),
        ):
            pass
    finally:
        end(holder)

    assert sum(waits) == 2


def test_a_warehouse_that_is_released_while_we_wait_is_opened(tmp_path: Path) -> None:
    holder = start(HOLD_FILE, tmp_path / "warehouse.duckdb")

    with open_warehouse(tmp_path / "warehouse.duckdb", sleep=lambda seconds: end(holder)) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_reader_waits_for_the_writer_too(tmp_path: Path) -> None:
    holder = start(HOLD_FILE, tmp_path / "warehouse.duckdb")

    with read_warehouse(tmp_path / "warehouse.duckdb", sleep=lambda seconds: end(holder)) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_file_that_is_no_database_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"no database" * 1000)

    with pytest.raises(duckdb.IOException, match="not a valid DuckDB"), open_warehouse(tmp_path / "warehouse.duckdb"):
        pass
