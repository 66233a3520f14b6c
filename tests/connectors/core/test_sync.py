"""The protocol from plan to raw tables, over a small CRM."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import (
    BudgetError,
    CountMismatchError,
    IdentityError,
    NoAccessError,
    RejectedRequestError,
    TransientError,
)
from connectors.landing import LandingLog
from connectors.raw import last_sync_upper_bound
from connectors.streams import Stream, SyncEvent
from connectors.sync import plan_sync, run_sync
from tests.connectors.core.ledger_crm import DEALS, DELETES, FIRST_NIGHT, SECOND_NIGHT, STAGES, STREAMS, LedgerCrm
from tests.connectors.core.tables import Table, read_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


def flags(table: Table) -> dict[object, object]:
    """Record id → is deleted."""
    names = [column.split()[0] for column in table[0]]
    return {row[names.index("_record_id")]: row[names.index("_is_deleted")] for row in table[1]}


def test_two_nights_end_as_the_crm_stands_with_tombstones_for_what_went(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        first = run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, STREAMS)
        second = run_sync(LedgerCrm(SECOND_NIGHT), log, warehouse, STREAMS)

    tables = read_warehouse(warehouse, "raw_ledger")
    assert first.exit_code == second.exit_code == 0
    assert [stream.rows for stream in first.streams] == [13, 0, 6, 6, 10]
    assert [stream.rows for stream in second.streams] == [3, 1, 5, 9, 9]
    assert {key for key, gone in flags(tables["deal"]).items() if gone} == {"deal2"}
    assert {key for key, gone in flags(tables["stage"]).items() if gone} == {"stage5"}
    assert {key for key, gone in flags(tables["deal_contact"]).items() if gone} == {"deal0/contact0"}
    assert len(tables["deal_history"][1]) == 9


def test_the_bound_of_the_last_sync_moves_with_complete_runs_only(tmp_path: Path, warehouse: Path) -> None:
    failing = LedgerCrm(SECOND_NIGHT, announce=lambda stream, rows: rows + 1 if stream is DEALS else rows)
    assert last_sync_upper_bound(warehouse) is None
    with LandingLog(tmp_path / "landing") as log:
        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, STREAMS)
        run_sync(failing, log, warehouse, STREAMS)
        assert last_sync_upper_bound(warehouse) == FIRST_NIGHT - DEALS.lag

        run_sync(LedgerCrm(SECOND_NIGHT), log, warehouse, STREAMS)

    assert last_sync_upper_bound(warehouse) == SECOND_NIGHT - DEALS.lag


def test_a_second_run_at_the_same_clock_changes_no_table(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, STREAMS)
        before = read_warehouse(warehouse, "raw_ledger")

        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, STREAMS)

    assert read_warehouse(warehouse, "raw_ledger") == before


def test_a_broken_off_load_is_continued_behind_its_last_part(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        broken = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(DEALS, 2, TransientError("gone for a while")))
        report = run_sync(broken, log, warehouse, STREAMS)
        later = LedgerCrm(FIRST_NIGHT)
        run_sync(later, log, warehouse, STREAMS)

    assert [stream.outcome for stream in report.streams] == ["failed", *["not_run"] * 4]
    assert [page for key, page in later.pages_read if key == "Deal"] == [2, 3]
    assert len(read_warehouse(warehouse, "raw_ledger")["deal"][1]) == 13


def test_a_load_continued_a_day_later_is_followed_by_the_time_since_then(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        broken = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(DEALS, 2, TransientError("gone for a while")))
        run_sync(broken, log, warehouse, STREAMS)
        report = run_sync(LedgerCrm(SECOND_NIGHT), log, warehouse, STREAMS)

        windows = [manifest.request.window for manifest in log.manifests("ledger", "Deal")]

    assert report.is_complete
    assert len(report.streams[0].load_ids) == 2
    assert [window.hi for window in windows[:2]] == [clock - DEALS.lag for clock in (FIRST_NIGHT, SECOND_NIGHT)]
    assert windows[1].lo == FIRST_NIGHT - DEALS.lag - DEALS.overlap


def test_a_load_that_is_older_than_its_cursors_can_be_is_begun_again(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        broken = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(DEALS, 2, TransientError("gone for a while")))
        run_sync(broken, log, warehouse, STREAMS)
        later = LedgerCrm(FIRST_NIGHT + timedelta(days=3))
        run_sync(later, log, warehouse, STREAMS)

    assert [page for key, page in later.pages_read if key == "Deal"][:2] == [0, 1]
    assert len(list((tmp_path / "landing/ledger/Deal").iterdir())) == 2  # rows and deletes, nothing stale


def test_rows_that_do_not_add_up_are_read_once_more(tmp_path: Path, warehouse: Path) -> None:
    announced = iter([14, 13])
    crm = LedgerCrm(FIRST_NIGHT, announce=lambda stream, rows: next(announced) if stream is DEALS else rows)
    with LandingLog(tmp_path / "landing") as log:
        report = run_sync(crm, log, warehouse, STREAMS)

    assert report.is_complete
    assert [page for key, page in crm.pages_read if key == "Deal"] == [0, 1, 2, 3, 0, 1, 2, 3]


def test_rows_that_never_add_up_are_not_committed_and_do_not_stop_the_others(tmp_path: Path, warehouse: Path) -> None:
    crm = LedgerCrm(FIRST_NIGHT, announce=lambda stream, rows: rows + 1 if stream is DEALS else rows)
    with LandingLog(tmp_path / "landing") as log:
        report = run_sync(crm, log, warehouse, STREAMS)

        assert log.watermark("ledger", "Deal", "rows") is None
        assert log.find_open("ledger", "Deal", "rows") is None
    assert [stream.outcome for stream in report.streams] == ["failed", "synced", "synced", "synced", "synced"]
    with pytest.raises(CountMismatchError, match=r"announced 14 rows of Deal .* sent 13"):
        report.raise_for_failure()
    assert "deal" not in read_warehouse(warehouse, "raw_ledger")


def test_an_object_without_access_makes_the_run_partial_and_no_failure(tmp_path: Path, warehouse: Path) -> None:
    error = NoAccessError("Ledger shows no Stage to this user. Grant it, or leave it out.", status=403)
    crm = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(STAGES, 0, error))
    with LandingLog(tmp_path / "landing") as log:
        report = run_sync(crm, log, warehouse, STREAMS)

    assert report.is_partial
    assert report.exit_code == 0
    assert [stream.outcome for stream in report.streams] == ["synced", "synced", "no_access", "synced", "synced"]


def test_a_spent_budget_pauses_the_run_and_the_next_one_goes_on(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        crm = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(DEALS, 3, BudgetError("spent")))
        report = run_sync(crm, log, warehouse, STREAMS)
        later = LedgerCrm(FIRST_NIGHT)
        run_sync(later, log, warehouse, STREAMS)

    assert report.exit_code == 75
    assert [page for key, page in later.pages_read if key == "Deal"] == [3]


def test_a_resumed_cursor_that_is_gone_begins_the_window_again(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        broken = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(DEALS, 2, TransientError("gone for a while")))
        run_sync(broken, log, warehouse, STREAMS)
        gone = RejectedRequestError("INVALID_QUERY_LOCATOR", status=400)
        later = LedgerCrm(FIRST_NIGHT, before_page=_raise_at(DEALS, 2, gone))
        report = run_sync(later, log, warehouse, STREAMS)

    assert report.is_complete
    assert [page for key, page in later.pages_read if key == "Deal"] == [0, 1, 2, 3]


def test_another_org_behind_the_same_connection_is_refused(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, STREAMS)

        with pytest.raises(IdentityError, match=r"org-2.*org-1"):
            run_sync(replace(LedgerCrm(SECOND_NIGHT), org="org-2"), log, warehouse, STREAMS)


def test_a_clock_that_went_back_moves_no_watermark_back(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        run_sync(LedgerCrm(SECOND_NIGHT), log, warehouse, [DEALS, DELETES])
        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, [DEALS, DELETES])

        assert log.watermark("ledger", "Deal", "rows") == SECOND_NIGHT - DEALS.lag


def test_the_plan_is_told_before_anything_is_fetched(tmp_path: Path, warehouse: Path) -> None:
    events: list[SyncEvent] = []
    with LandingLog(tmp_path / "landing") as log:
        lines = plan_sync(LedgerCrm(FIRST_NIGHT), log, STREAMS)
        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, STREAMS, listener=events.append)

    kinds = [event.kind for event in events]
    assert [line.stream for line in lines] == list(STREAMS)
    assert kinds[:5] == ["planned"] * 5
    assert kinds[5] == "started"
    assert kinds[-5:] == ["applied"] * 5
    assert [event.rows for event in events if event.kind == "committed"] == [13, 0, 6, 6, 10]


def test_a_column_that_appears_later_is_added_and_old_rows_are_null_there(tmp_path: Path, warehouse: Path) -> None:
    with LandingLog(tmp_path / "landing") as log:
        run_sync(LedgerCrm(FIRST_NIGHT), log, warehouse, [DEALS])
        run_sync(LedgerCrm(SECOND_NIGHT, extra_columns={"New__c": "VARCHAR"}), log, warehouse, [DEALS])

    columns, rows = read_warehouse(warehouse, "raw_ledger")["deal"]
    assert "New__c VARCHAR" in columns
    position = columns.index("New__c VARCHAR")
    assert sorted(str(row[position]) for row in rows) == [*["None"] * 10, "x", "x", "x"]


def _raise_at(stream: Stream, page: int, error: Exception) -> Callable[[Stream, int], None]:
    """Raise `error` once, before this page of this stream."""
    errors = [error]

    def before_page(current: Stream, number: int) -> None:
        if current is stream and number == page and errors:
            raise errors.pop()

    return before_page
