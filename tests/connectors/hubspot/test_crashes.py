"""`kill -9` at any moment, then another run: the tables are those of a run that nothing disturbed."""

import signal
import subprocess
import sys

import pytest

from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night
from tests.connectors.hubspot.portal_edits import archived, modified, moved


def kill_sync(night: Night, moment: str, *objects: str) -> int:
    """The exit status of a sync of all, or these, objects that dies at `moment`."""
    command = [sys.executable, "-m", "tests.connectors.hubspot.killed_run", str(night.folder), night.sandbox.url]
    return subprocess.run([*command, moment, *objects], check=False, timeout=120).returncode


@pytest.mark.parametrize(
    "moment",
    [
        "committed:deals:rows",  # their history is read and not yet landed
        "part_landed:deals:history",
        "part_landed:emails:rows",
        "committed:tasks:deletes",  # everything is landed, nothing is applied
    ],
)
def test_a_first_load_killed_at_any_moment_is_finished_by_the_next_run(first_night: Night, moment: str) -> None:
    assert kill_sync(first_night, moment) == -signal.SIGKILL

    report = first_night.sync()

    assert report.exit_code == 0
    assert first_night.differences() == {}


def test_a_first_load_killed_between_two_pages_goes_on_behind_the_last_one_that_it_kept(first_night: Night) -> None:
    assert kill_sync(first_night, "answer:9", "deals") == -signal.SIGKILL

    report = first_night.sync(DEALS)

    pages = -(-len(first_night.live_ids("deals")) // 50)
    assert report.exit_code == 0
    assert report.streams[0].calls["list"] < pages
    assert first_night.differences(*DEAL_TABLES) == {}


@pytest.mark.parametrize("moment", ["committed:deals:rows", "started:deals:associations", "committed:deals:deletes"])
def test_a_day_killed_at_any_moment_is_finished_by_the_next_run(night: Night, moment: str) -> None:
    deal = night.live_ids("deals")[-1]
    night.sync(DEALS)
    night.let_a_day_pass(
        modified("deals", "hs_is_closed = 'false' and not archived", "hs_next_step = 'call again'"),
        *moved(deal, "contractsent", "closedlost"),
        archived("deals", "id in (select id from hubspot.deals where not archived limit 3)"),
    )

    assert kill_sync(night, moment, "deals") == -signal.SIGKILL
    report = night.sync(DEALS)

    assert report.exit_code == 0
    assert night.differences(*DEAL_TABLES) == {}
