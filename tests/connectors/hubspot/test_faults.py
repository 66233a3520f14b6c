"""What goes wrong on the way, and what must not come of it."""

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import AuthenticationError, NoAccessError, PausedError, TransientError
from connectors.sandbox.faults import Fault
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, TOKEN, Night, streams_of


def test_refusals_resets_and_cut_bodies_leave_no_mark_on_the_tables(first_night: Night) -> None:
    first_night.sandbox.set_faults(
        [
            Fault("status", "hubspot.list", at=(2,), status=429),
            Fault("status", "hubspot.search", at=(3,), status=429),
            Fault("status", "hubspot.search", at=(6,), status=503),
            Fault("status", "hubspot.search", at=(9,), status=502),
            Fault("status", "hubspot.search", at=(12,), status=401),
            Fault("status", "hubspot.list", at=(4,), status=401),
            Fault("reset", "hubspot.list", at=(5,)),
            Fault("truncate", "hubspot.list", at=(7,)),
            Fault("truncate", "hubspot.search", at=(15,), cut="body"),
            Fault("reset", "hubspot.batch_read", at=(1,)),
            Fault("truncate", "hubspot.associations", at=(2,)),
            Fault("status", "hubspot.associations", at=(4,), status=500),
            Fault("status", "hubspot.properties", at=(3,), status=504),
            Fault("status", "hubspot.owners", at=(1,), status=429),
        ]
    )

    report = first_night.sync()

    report.raise_for_failure()
    assert first_night.differences() == {}
    assert sum(wait >= 10 for wait in first_night.waits) == 2  # rolling limit: list and owners
    assert any(1 <= wait < 10 for wait in first_night.waits)  # search: a second


def test_the_daily_limit_pauses_until_midnight_of_the_portal_and_the_next_run_goes_on(first_night: Night) -> None:
    first_night.sandbox.set_faults([Fault("daily_limit", "hubspot.associations", rate=1.0)])

    paused = first_night.sync()

    errors = [stream.error for stream in paused.streams if stream.outcome == "paused"]
    assert paused.exit_code == 75
    assert isinstance(errors[0], PausedError)
    assert errors[0].resume_at == datetime(2026, 3, 18, tzinfo=UTC)
    assert "midnight in the portal's time zone" in str(errors[0])

    first_night.sandbox.clear_faults()
    report = first_night.sync()

    assert report.exit_code == 0
    assert first_night.differences() == {}


def test_an_object_without_its_scope_is_left_out_by_name_and_the_rest_is_read(first_night: Night) -> None:
    first_night.sandbox.set_faults(hidden=["emails", "deals.competitor"])

    report = first_night.sync()

    refused = {(s.stream.object_name, s.stream.lane): s.error for s in report.streams if s.outcome == "no_access"}
    assert (report.exit_code, report.is_partial) == (0, True)
    assert set(refused) == {("emails", lane) for lane in ("rows", "deletes", "erasures", "calculated")}
    assert all(isinstance(error, NoAccessError) for error in refused.values())
    assert "Add sales-email-read to the private app's scopes" in str(refused["emails", "rows"])
    rows = first_night.query(
        "select count(*), count(competitor), count(distinct to_object_type) filter (to_object_type = 'emails') "
        "from raw_hubspot.deals left join raw_hubspot.deal_associations on deal_id = deals.id"
    )
    assert rows[0][0] > 0  # type: ignore[operator]
    assert rows[0][1:] == (0, 0)
    assert first_night.differences("contacts", "companies", "calls") == {}
    first_night.sandbox.clear_faults()
    first_night.sync().raise_for_failure()
    # links of closed deals have their turn within the week
    later = {(table, row[2]) for table, rows in first_night.differences().items() for row in rows}
    assert later <= {("deal_associations", "emails")}


def test_links_to_a_type_whose_scope_was_taken_away_stay_as_they_are(night: Night) -> None:
    links = "select to_object_type, count(*) from raw_hubspot.deal_associations where not _is_deleted group by all"
    night.sync(DEALS).raise_for_failure()
    before = night.query(f"{links} order by all")
    night.let_a_day_pass()

    night.sandbox.set_faults(hidden=["emails"])
    night.sync(DEALS).raise_for_failure()

    assert night.query(f"{links} order by all") == before
    assert night.differences(*DEAL_TABLES) == {}


def test_a_cap_on_calls_pauses_each_run_and_the_runs_together_read_everything(first_night: Night) -> None:
    calls = []
    for _ in range(8):
        connector = first_night.connect(api_budget=32)
        report = first_night.sync(connector=connector)
        calls.append(connector.calls.total())
        if report.exit_code == 0:
            break
        assert report.exit_code == 75
        outcomes = {(stream.outcome, stream.stream.cadence is None) for stream in report.streams}
        # what is read once a day is not read again by the run that goes on
        assert outcomes <= {
            ("synced", True),
            ("paused", True),
            ("synced", False),
            ("paused", False),
            ("not_due", False),
        }

    assert report.exit_code == 0
    assert 1 < len(calls) < 8
    assert max(calls) <= 32
    assert first_night.differences() == {}


def test_a_dead_token_is_an_error_that_says_whose_turn_it_is_and_shows_nothing(
    first_night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "pat-na1-do-not-show-me"
    connector = first_night.connect(token=secret)

    with pytest.raises(AuthenticationError, match="HUBSPOT_ACCESS_TOKEN") as raised:
        first_night.sync(connector=connector)

    shown = [
        str(raised.value),
        repr(raised.value),
        repr(connector),
        *(record.getMessage() for record in caplog.records),
    ]
    assert connector.calls == {"account": 2}  # the refused call, and one that asks about the token alone
    assert not [text for text in shown if "do-not-show-me" in text]


def test_a_whole_sync_with_failures_writes_the_token_nowhere(
    first_night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first_night.sandbox.set_faults(
        [
            Fault("status", "hubspot.list", at=(1,), status=401),
            Fault("status", "hubspot.batch_read", rate=1.0, status=500),
        ]
    )

    report = first_night.sync(streams_of("deals", "contacts"))

    errors = [stream.error for stream in report.streams if stream.error is not None]
    files = [path.read_bytes() for path in first_night.folder.rglob("*") if path.is_file()]
    assert isinstance(errors[0], TransientError)
    assert TOKEN not in caplog.text + str(errors) + str(first_night.events) + str(vars(report))
    assert not [content for content in files if TOKEN.encode() in content]


def test_an_index_that_lags_behind_loses_no_change_to_the_settled_window(night: Night) -> None:
    contacts = streams_of("contacts")
    lagging = Fault("index_lag", "hubspot.search", rate=1.0, seconds=timedelta(minutes=50).total_seconds())
    recent = "this_morning + interval 15 hours + interval 30 minutes"  # half an hour before the sync
    night.let_a_day_pass(
        "update hubspot.contacts set jobtitle = 'changed while the index slept', "
        f"updated_at = {recent}, lastmodifieddate = strftime({recent}, '%Y-%m-%dT%H:%M:%S.%gZ') "
        "where id in (select id from hubspot.contacts where merged_into is null limit 9)"
    )
    night.sandbox.set_faults([lagging])
    first = night.sync(contacts)
    unseen = night.differences("contacts")

    night.let_a_day_pass()
    night.sandbox.set_faults([lagging])
    second = night.sync(contacts)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert set(unseen) == {"contacts"}
    assert night.differences("contacts") == {}


def test_eleven_thousand_changes_in_one_millisecond_all_come(night: Night) -> None:
    streams = streams_of("contacts")
    night.sync(streams)
    night.let_a_day_pass(
        "insert into hubspot.contacts select like_it.* replace (number::varchar as id, "
        "number::varchar as hs_object_id, this_morning as updated_at, "
        "strftime(this_morning, '%Y-%m-%dT%H:%M:%S.%gZ') as lastmodifieddate) "
        "from (select * from hubspot.contacts where merged_into is null limit 1) as like_it, "
        "range(700000000000, 700000011000) as numbers(number)"
    )

    report = night.sync(streams)

    rows = night.query("select count(*), count(distinct id) from raw_hubspot.contacts where id::bigint >= 700000000000")
    assert report.exit_code == 0
    assert report.streams[0].rows == report.streams[0].rows_expected == 11_000
    assert rows == [(11_000, 11_000)]
    assert report.streams[0].calls["search"] < 11_000 / 200 + 4
    assert night.differences("contacts") == {}


def test_searches_keep_to_the_pace_that_a_portal_enforces(first_night: Night) -> None:
    first_night.sandbox.set_faults([Fault("rate_limits", "hubspot.*", rate=1.0)])

    report = first_night.sync(streams_of("calls", "emails"), searches_per_second=4.0, sleep=time.sleep)

    statuses = first_night.sandbox.stats()
    assert report.exit_code == 0
    assert "429" not in str(statuses)
