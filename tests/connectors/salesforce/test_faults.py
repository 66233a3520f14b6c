"""What the way and the service do to a run: each fault is survived, and the tables are the org's rows all the same."""

import pytest

from connectors.errors import AuthenticationError
from connectors.wire import Timeouts
from tests.connectors.salesforce.conftest import ServedOrg

OBJECTS = ("UserRole", "OpportunityHistory")  # pages by REST, and five pages by Bulk


@pytest.mark.parametrize(
    ("kind", "family", "at", "options"),
    [
        ("status", "token", 1, {"status": 503}),
        ("status", "composite", 1, {"status": 503}),
        ("status", "query", 1, {"status": 502}),
        ("status", "query", 1, {"status": 400, "code": "UNABLE_TO_LOCK_ROW"}),
        ("status", "bulk_create", 1, {"status": 503}),
        ("status", "bulk_status", 1, {"status": 500}),
        ("status", "bulk_results", 2, {"status": 429}),
        ("status", "bulk_results", 3, {"status": 401}),
        ("status", "bulk_delete", 1, {"status": 400}),
        ("reset", "bulk_create", 1, {}),
        ("reset", "bulk_results", 2, {}),
        ("reset", "query", 1, {}),
        ("truncate", "bulk_results", 2, {"cut": "connection"}),
        ("truncate", "bulk_results", 2, {"cut": "rows"}),
        ("truncate", "query", 1, {"cut": "connection"}),
        ("truncate", "query", 1, {"cut": "body"}),
        ("truncate", "composite", 1, {"cut": "body"}),
        ("expire_session", "bulk_results", 2, {}),
        ("expire_session", "query", 1, {}),
        ("job_failed", "bulk_create", 1, {}),
        ("job_failed", "bulk_status", 1, {}),
    ],
)
def test_a_fault_at_one_call_leaves_no_trace_in_the_tables(
    org: ServedOrg, kind: str, family: str, at: int, options: dict[str, object]
) -> None:
    org.fail(kind, family, at, **options)

    report = org.sync(*OBJECTS)

    report.raise_for_failure()
    assert org.fired() == 1
    assert org.differences(*OBJECTS) == []


def test_a_job_that_always_fails_is_replaced_by_pages(org: ServedOrg) -> None:
    org.fail("job_failed", "bulk_status")

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    assert org.differences("OpportunityHistory") == []
    assert "bulk_results" not in org.calls


def test_a_bulk_page_that_is_cut_each_time_commits_nothing_and_says_how_many_rows_are_missing(org: ServedOrg) -> None:
    org.fail("truncate", "bulk_results", cut="rows")

    report = org.sync("OpportunityHistory")

    line = report.streams[0]
    assert (line.outcome, line.load_ids) == ("failed", ())
    assert "announced 100 rows in a page" in str(line.error)
    assert org.calls["bulk_create"] == 1  # the second reading is of the same job
    org.state.faults.clear()
    org.sync("OpportunityHistory").raise_for_failure()
    assert org.differences("OpportunityHistory") == []


def test_a_session_that_expires_costs_one_login(org: ServedOrg) -> None:
    org.fail("expire_session", "bulk_results", 2)

    org.sync("OpportunityHistory").raise_for_failure()

    assert org.calls["login"] == 2
    assert org.differences("OpportunityHistory") == []


def test_a_session_that_is_refused_right_after_the_login_is_an_error_for_a_person(org: ServedOrg) -> None:
    org.fail("status", "query", status=401)

    report = org.sync("UserRole", "User")

    assert isinstance(report.streams[0].error, AuthenticationError)
    assert report.streams[1].outcome == "not_run"
    org.state.faults.clear()
    org.sync("UserRole", "User").raise_for_failure()
    assert org.differences("UserRole", "User") == []


def test_an_answer_that_does_not_come_is_asked_for_again(org: ServedOrg) -> None:
    org.fail("slow", "query", 1, seconds=2.0)
    connector = org.connect(timeouts=Timeouts(read=0.5))

    report = org.sync("UserRole", connector=connector)

    report.raise_for_failure()
    assert org.differences("UserRole") == []
    assert org.calls["query"] == 2


def test_an_org_that_refuses_composite_is_asked_one_by_one(org: ServedOrg) -> None:
    org.fail("status", "composite", status=400, code="FUNCTIONALITY_NOT_ENABLED")
    org.sync("Contact")
    gone = org.world.ids("Contact", 'not "IsDeleted"')[0]
    org.world.will_purge("Contact", gone)
    org.play_day()

    report = org.sync("Contact")

    report.raise_for_failure()
    assert org.differences("Contact") == []


def test_the_daily_limit_pauses_the_run_and_the_next_one_goes_on_with_the_same_job(org: ServedOrg) -> None:
    org.fail("daily_limit", "bulk_results", 3)
    paused = org.sync("OpportunityHistory")
    org.state.faults.clear()
    # which of the pages under way is refused is chance; the first part has no rows, it names the job
    landed = len(list(org.folder.glob("landing/salesforce/OpportunityHistory/*/part-*.parquet"))) - 1

    report = org.sync("OpportunityHistory")

    assert (paused.streams[0].outcome, paused.exit_code) == ("paused", 75)
    assert report.is_complete
    assert "bulk_create" not in org.calls
    assert org.calls["bulk_results"] == 5 - landed
    assert org.differences("OpportunityHistory") == []


def test_a_budget_cap_pauses_again_and_again_until_everything_is_there(org: ServedOrg) -> None:
    runs = 0
    while True:
        runs += 1
        report = org.sync("UserRole", "Account", "Contact", connector=org.connect(api_budget=7))
        assert sum(org.calls.values()) - org.calls["login"] <= 7
        if report.is_complete:
            break
        assert report.exit_code == 75
        assert runs < 10

    assert runs > 1
    assert org.differences("UserRole", "Account", "Contact") == []


def test_a_cursor_older_than_two_days_is_given_up_for_a_query_from_the_last_stamp(org: ServedOrg) -> None:
    org.sync("Task")
    org.world.will(f"""
        insert into salesforce."Task" ("Id", "IsDeleted", "Subject", "SystemModstamp")
        select '00T' || lpad(n::varchar, 12, '0') || 'NEW', false, 'x', {org.world.evening} - n * interval 1 second
        from range(5000) as numbers(n)""")
    org.play_day()
    org.fail("daily_limit", "query_more", 1)
    paused = org.sync("Task")
    org.state.faults.clear()
    org.play_day(days=2)

    report = org.sync("Task")

    assert paused.streams[0].outcome == "paused"
    report.raise_for_failure()
    assert org.state.stats.statuses["salesforce.query_more 400"] == 1
    assert org.differences("Task") == []
