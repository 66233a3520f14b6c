"""The raw tables equal the portal: after a first sync, after days were played, and after nothing happened."""

from connectors.hubspot.objects import STREAMS
from tests.connectors.hubspot.conftest import Night


def test_a_first_sync_ends_with_everything_the_portal_holds(night: Night) -> None:
    report = night.sync()

    assert (report.exit_code, report.is_partial) == (0, False)
    assert [stream.outcome for stream in report.streams] == ["synced"] * len(STREAMS)
    assert night.differences() == {}


def test_weeks_of_syncs_follow_the_portal_through_edits_deletions_and_merges(night: Night) -> None:
    night.sync()
    differing = {}

    for day in (1, 1, 5, 9, 14):
        clock = night.sandbox.tick(day)["clock"]
        report = night.sync()
        differing[clock] = (report.exit_code, night.differences())

    assert list(differing.values()) == [(0, {})] * 5
