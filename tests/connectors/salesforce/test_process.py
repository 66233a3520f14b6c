"""The sandbox as a process of its own, a generated world, and days of its own."""

from pathlib import Path

import duckdb

from connectors.landing import LandingLog
from connectors.salesforce.extract import STREAMS, connect
from connectors.sandbox.process import start_sandbox
from connectors.sandbox.world import World
from connectors.secret import Secret
from connectors.streams import SyncReport
from connectors.sync import run_sync
from tests.connectors.salesforce.edited_world import differences


def _sync(url: str, folder: Path) -> SyncReport:
    connector = connect(login_url=url, client_id="sandbox-client", client_secret=Secret("sandbox-secret"))
    with LandingLog(folder / "landing") as log:
        report = run_sync(connector, log, folder / "warehouse.duckdb", STREAMS)
    connector.close()
    return report


def test_after_some_nights_the_tables_are_those_of_the_world(tmp_path: Path) -> None:
    world = tmp_path / "world.duckdb"
    World.create(world, size="small").close()

    with start_sandbox(world) as sandbox:
        reports = [_sync(sandbox.url, tmp_path)]
        for days in (1, 3):
            sandbox.tick(days)
            reports.append(_sync(sandbox.url, tmp_path))

    with duckdb.connect(str(world)) as connection:
        found = differences(connection.cursor(), tmp_path / "warehouse.duckdb")
    assert found == []
    assert all(report.is_complete for report in reports)
    assert all(sum(line.rows for line in report.streams) < 1_000 for report in reports[1:])
