"""The pages of a Bulk result: several on their way at once, landed in their order, and never one too few."""

import threading
import time

from connectors.landing import LandingLog
from connectors.salesforce.bulk import job_calls
from tests.connectors.salesforce.conftest import ServedOrg

HISTORY = "OpportunityHistory"  # 435 rows: five pages of a hundred


def requests_before_the_first_answer(org: ServedOrg, family: str) -> int:
    """The most calls of a family that were under way while the first of them was not answered."""
    most, until = 0, time.monotonic() + 20
    while time.monotonic() < until:
        seen = org.state.stats.requests(f"salesforce.{family}")
        if seen and "status" in seen[0]:
            break
        most = max(most, len(seen))
        time.sleep(0.01)
    return most


def test_the_pages_of_a_result_come_side_by_side_and_are_landed_in_their_order(org: ServedOrg) -> None:
    org.fail("slow", "bulk_results", 1, seconds=1.5)
    syncing = threading.Thread(target=org.sync, args=(HISTORY,))

    syncing.start()
    most = requests_before_the_first_answer(org, "bulk_results")
    syncing.join()

    with LandingLog(org.folder / "landing") as log:
        (load,) = [one for one in log.manifests("salesforce", HISTORY) if one.request.lane == "rows"]
    assert most == 4
    assert [part.rows for part in load.parts] == [0, 100, 100, 100, 100, 35]
    assert [bool(mark.get("is_complete")) for mark in load.trail] == [False, False, False, False, False, True]
    assert (org.calls["bulk_pages"], org.calls["bulk_results"]) == (1, 5)
    assert org.differences(HISTORY) == []


def test_an_org_that_lists_no_pages_is_read_one_page_after_the_other(org: ServedOrg) -> None:
    org.fail("status", "bulk_pages", status=404, code="NOT_FOUND")

    report = org.sync(HISTORY)

    report.raise_for_failure()
    assert org.calls["bulk_results"] == 5
    assert org.differences(HISTORY) == []


def test_more_pages_than_one_list_names_are_found_in_the_next(org: ServedOrg) -> None:
    report = org.sync(HISTORY, connector=org.connect(bulk_page_rows=35))

    report.raise_for_failure()
    assert (org.calls["bulk_pages"], org.calls["bulk_results"]) == (3, 13)
    assert org.differences(HISTORY) == []


def test_a_run_that_was_paused_among_listed_pages_reads_none_of_the_landed_ones_again(org: ServedOrg) -> None:
    org.fail("daily_limit", "bulk_results", 7)
    paused = org.sync(HISTORY, connector=org.connect(bulk_page_rows=35))
    org.state.faults.clear()
    # the first part has no rows: it names the job
    landed = len(list(org.folder.glob(f"landing/salesforce/{HISTORY}/*/part-*.parquet"))) - 1

    report = org.sync(HISTORY, connector=org.connect(bulk_page_rows=35))

    assert paused.exit_code == 75
    assert landed >= 3
    assert report.is_complete
    assert org.calls["bulk_results"] == 13 - landed
    assert "bulk_create" not in org.calls
    assert org.differences(HISTORY) == []


def test_what_is_left_of_a_budget_goes_to_pages_and_not_to_lists_of_them(org: ServedOrg) -> None:
    org.sync(HISTORY, connector=org.connect(api_budget=9))

    assert "bulk_pages" not in org.calls
    assert org.calls["bulk_results"] >= 3


def test_the_plan_knows_what_the_pages_of_a_result_cost() -> None:
    # three calls, a page for each 100,000 rows, and from three pages on a list for each five
    assert [job_calls(rows) for rows in (0, 100_000, 200_000, 1_000_000)] == [4, 4, 5, 15]
