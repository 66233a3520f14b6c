"""What Salesforce refuses, and the other way that is taken: afterwards the tables are the org's rows all the same."""

import pytest

from connectors.landing import LandingLog
from connectors.streams import SyncEvent
from tests.connectors.salesforce.conftest import ServedOrg

# the count of an object's rows is its first query of a day, their reading the second
READING = 2


@pytest.fixture
def changed(org: ServedOrg) -> ServedOrg:
    """An org on the day after the first load, with some deals edited."""
    org.sync("Opportunity").raise_for_failure()
    for record in org.world.ids("Opportunity")[:5]:
        org.world.will_edit("Opportunity", record, "\"NextStep\" = 'call'")
    org.play_day()
    return org


def refuse(org: ServedOrg, code: str, family: str, *at: int, object_name: str = "Opportunity") -> None:
    """Let calls about an object be refused."""
    org.fail("refuse", family, *at, code=code, object_name=object_name)


@pytest.mark.parametrize("code", ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
def test_a_query_that_is_too_much_is_read_by_halves_of_its_window(changed: ServedOrg, code: str) -> None:
    refuse(changed, code, "query", READING, READING + 1)

    report = changed.sync("Opportunity")

    report.raise_for_failure()
    assert changed.differences("Opportunity") == []
    assert changed.calls["query"] == 5  # the whole, its older half, two quarters, the newer half
    assert "bulk_create" not in changed.calls


@pytest.mark.parametrize("code", ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
def test_a_query_of_which_a_minute_is_too_much_is_left_to_bulk(changed: ServedOrg, code: str) -> None:
    refuse(changed, code, "query", *range(READING, 100))

    report = changed.sync("Opportunity")

    report.raise_for_failure()
    assert changed.differences("Opportunity") == []
    assert changed.calls["bulk_create"] == 1


@pytest.mark.parametrize("at", [(READING,), (READING, READING + 1)])
def test_a_query_that_is_too_complicated_is_read_in_sets_of_columns(changed: ServedOrg, at: tuple[int, ...]) -> None:
    refuse(changed, "QUERY_TOO_COMPLICATED", "query", *at)

    report = changed.sync("Opportunity")

    report.raise_for_failure()
    assert changed.differences("Opportunity") == []
    assert changed.calls["query"] == 2 * len(at) + 1


def test_a_job_that_is_too_complicated_becomes_several(org: ServedOrg) -> None:
    refuse(org, "QUERY_TOO_COMPLICATED", "bulk_create", 1, object_name="*")

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    assert org.differences("OpportunityHistory") == []
    assert org.calls["bulk_create"] == 3
    assert report.streams[0].rows > 400


def test_more_deletions_than_an_answer_may_hold_are_asked_by_halves(org: ServedOrg) -> None:
    org.sync("Contact")
    gone = org.world.ids("Contact", 'not "IsDeleted"')[0]
    org.world.will_purge("Contact", gone)
    org.play_day()
    refuse(org, "EXCEEDED_ID_LIMIT", "deleted", 1, 2, object_name="Contact")

    report = org.sync("Contact")

    report.raise_for_failure()
    assert report.streams[1].api == "getDeleted"
    assert org.differences("Contact") == []
    assert org.calls["deleted"] == 4


def test_a_field_that_vanishes_while_its_rows_are_read_keeps_its_values_and_is_on_record(changed: ServedOrg) -> None:
    filled = "select count(leadsource) from raw_salesforce.opportunity"
    before = changed.rows(filled)

    def hide(event: SyncEvent) -> None:
        if event.kind == "started":
            changed.state.hidden = {"Opportunity.LeadSource"}
            changed.state.edits += 1

    report = changed.sync("Opportunity", listener=hide)

    report.raise_for_failure()
    assert changed.rows(filled) == before != [(0,)]
    assert changed.rows("select count(*) from raw_salesforce.opportunity where nextstep = 'call'") == [(5,)]
    with LandingLog(changed.folder / "landing") as log:
        newest = [one for one in log.manifests("salesforce") if one.request.lane == "rows"][-1]
    assert newest.request.withheld["LeadSource"] == "vanished"
    assert changed.differences("Opportunity") == []

    show_and_change_the_field(changed)
    changed.sync("Opportunity").raise_for_failure()
    assert changed.differences("Opportunity") == []


def show_and_change_the_field(org: ServedOrg) -> None:
    """The field is back, and other values are in it than before it was hidden."""
    org.state.hidden = set()
    org.world.will_edit("Opportunity", org.world.ids("Opportunity", 'not "IsDeleted"')[7], "\"LeadSource\" = 'Fair'")
    org.world.will('update salesforce."Opportunity" set "LeadSource" = \'Unstamped\' where "Id" like \'%3\'')
    org.play_day()


def test_an_object_that_is_taken_away_while_it_is_read_is_no_failure_and_no_empty_table(changed: ServedOrg) -> None:
    refuse(changed, "INVALID_TYPE", "query", READING)

    report = changed.sync("Opportunity")

    assert report.streams[0].outcome == "no_access"
    assert changed.rows("select count(*) > 10 from raw_salesforce.opportunity where not _is_deleted") == [(True,)]
    changed.sync("Opportunity").raise_for_failure()
    assert changed.differences("Opportunity") == []


@pytest.mark.parametrize("is_burst", [False, True], ids=["spread", "one moment"])
def test_a_cursor_that_is_gone_is_followed_by_a_query_behind_the_last_row(org: ServedOrg, is_burst: bool) -> None:
    org.state.limits["rest_page_rows"] = 100
    org.state.no_bulk = {"OpportunityHistory"}
    if is_burst:
        org.world.will('update salesforce."OpportunityHistory" set "SystemModstamp" = timestamp \'2026-03-16 08:00\'')
        org.play_day()
    org.fail("locator_expired", "query_more", 1, 3)

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    assert org.differences("OpportunityHistory") == []
    assert org.calls["query"] == 3
    assert report.streams[0].rows == report.streams[0].rows_expected  # none came twice


def test_results_of_a_job_that_cannot_be_read_on_are_taken_from_another_job(org: ServedOrg) -> None:
    org.fail("locator_expired", "bulk_results", 2)

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    assert org.differences("OpportunityHistory") == []
    assert org.calls["bulk_create"] == 2


def test_jobs_that_are_aborted_each_time_are_replaced_by_pages(org: ServedOrg) -> None:
    org.fail("job_aborted", "bulk_status")

    org.sync("OpportunityHistory").raise_for_failure()

    assert org.differences("OpportunityHistory") == []
    assert "bulk_results" not in org.calls


def test_a_job_that_never_ends_is_stopped_and_replaced_by_pages(org: ServedOrg) -> None:
    org.fail("job_stuck", "bulk_create", 1)
    connector = org.connect(bulk_patience=0.2)

    org.sync("OpportunityHistory", connector=connector).raise_for_failure()

    assert org.differences("OpportunityHistory") == []
    assert org.calls["bulk_abort"] == org.calls["bulk_delete"] == 1


def test_a_result_that_lacks_rows_without_saying_so_is_read_again_from_the_same_job(org: ServedOrg) -> None:
    org.fail("lose_rows", "bulk_results", 2)

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    assert org.differences("OpportunityHistory") == []
    assert org.calls["bulk_create"] == 1


@pytest.mark.parametrize(("kind", "family"), [("lose_rows", "bulk_results"), ("wrong_count", "bulk_create")])
def test_a_result_that_lacks_rows_each_time_is_not_committed(org: ServedOrg, kind: str, family: str) -> None:
    org.fail(kind, family)

    report = org.sync("OpportunityHistory")

    line = report.streams[0]
    assert (line.outcome, line.load_ids) == ("failed", ())
    assert "announced" in str(line.error)
    org.state.faults.clear()
    org.sync("OpportunityHistory").raise_for_failure()
    assert org.differences("OpportunityHistory") == []


def test_a_transaction_policy_stops_the_object_and_names_what_to_change(changed: ServedOrg) -> None:
    refuse(changed, "TXN_SECURITY_METERING_ERROR", "query", READING)

    report = changed.sync("Opportunity")

    assert report.streams[0].outcome == "failed"
    assert "transaction security policy" in str(report.streams[0].error)
    changed.sync("Opportunity").raise_for_failure()
    assert changed.differences("Opportunity") == []


def test_too_many_requests_at_once_are_waited_for(changed: ServedOrg) -> None:
    changed.fail("concurrent_limit", "query", 1, object_name="Opportunity")

    report = changed.sync("Opportunity")

    report.raise_for_failure()
    assert changed.differences("Opportunity") == []


@pytest.mark.parametrize(("code", "bytes_replaced"), [("nul", 1), ("utf8", 2)])
def test_bytes_that_are_no_text_are_mended_on_any_page_and_counted(
    org: ServedOrg, code: str, bytes_replaced: int
) -> None:
    org.fail("dirty_text", "bulk_results", 3, code=code, mark="Pipeline")

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    mended = "select count(*) from raw_salesforce.opportunity_history where forecastcategory like 'Pipeline_%'"
    assert org.rows(mended) == [(1,)]
    with LandingLog(org.folder / "landing") as log:
        assert log.manifests("salesforce")[0].misfits == {"(text)": bytes_replaced}
    # the one row, as it came and as it is, is all that differs
    assert [difference.split(", such as")[0] for difference in org.differences("OpportunityHistory")] == [
        "OpportunityHistory: 1 rows that the warehouse lacks",
        "OpportunityHistory: 1 rows that the world lacks",
    ]


def test_an_org_whose_jobs_of_the_day_are_used_up_is_read_by_pages(org: ServedOrg) -> None:
    refuse(org, "EXCEEDEDQUOTA", "bulk_create", object_name="*")

    report = org.sync("OpportunityHistory")

    report.raise_for_failure()
    assert org.differences("OpportunityHistory") == []
    assert "bulk_results" not in org.calls
