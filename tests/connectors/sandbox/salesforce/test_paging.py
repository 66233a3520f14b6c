"""Pages of a query and of a record count: sizes, locators, snapshots, and the windows of getDeleted and getUpdated."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.sandbox.salesforce.query import KEPT_CURSORS
from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import TASKS

TASK_QUERY = "SELECT Id, Subject FROM Task ORDER BY Id"


@pytest.mark.parametrize(("asked", "got"), [("batchSize=500", 500), ("batchSize=1", 200), ("batchSize=9000", 2_000)])
def test_a_page_holds_what_the_header_asks_within_the_service_s_bounds(org: ServedOrg, asked: str, got: int) -> None:
    org.session.headers["Sforce-Query-Options"] = asked

    reply = org.query(TASK_QUERY).json()

    assert len(reply["records"]) == got
    assert (reply["totalSize"], reply["done"]) == (TASKS, False)


def test_pages_can_be_read_again_and_in_any_order_and_stay_gzipped(org: ServedOrg) -> None:
    first = org.query(TASK_QUERY)
    second_url = first.json()["nextRecordsUrl"]

    third = org.get(org.get(second_url).json()["nextRecordsUrl"])
    second_again = org.get(second_url).json()

    assert first.headers["Content-Encoding"] == "gzip"
    assert (len(third.json()["records"]), third.json()["done"]) == (500, True)
    assert "nextRecordsUrl" not in third.json()
    assert second_again["records"][0]["Id"] == "00T000000002001EAA"


def test_a_cursor_that_is_unknown_or_pushed_out_is_refused(org: ServedOrg) -> None:
    url = org.query(TASK_QUERY).json()["nextRecordsUrl"]
    for _ in range(KEPT_CURSORS):
        org.query("SELECT Id FROM Task")

    refused = [org.get(url), org.get("/query/0r8xx0000000000000-2000"), org.get("/query/nonsense")]

    assert [(reply.status_code, reply.json()[0]["errorCode"]) for reply in refused] == [
        (400, "INVALID_QUERY_LOCATOR")
    ] * 3


def test_readers_in_parallel_each_get_their_own_rows(org: ServedOrg) -> None:
    def read(number: int) -> tuple[int, int, int]:
        reply = org.query(f"SELECT Id FROM Task WHERE Id > '00T{number:012d}' ORDER BY Id").json()
        return reply["totalSize"], len(reply["records"]), int(reply["records"][0]["Id"][3:15])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(read, range(1_000, 4_000, 100)))

    assert answers == [(TASKS - number, min(TASKS - number, 2_000), number + 1) for number in range(1_000, 4_000, 100)]


def test_deleted_covers_whole_minutes_of_its_window_and_never_the_future(org: ServedOrg) -> None:
    window = {"start": "2026-03-12T10:00:59Z", "end": "2026-03-13T10:00:59Z"}

    inside = org.get("/sobjects/Opportunity/deleted", **window).json()
    future = org.get("/sobjects/Opportunity/deleted", start="2026-03-13T10:00:00Z", end="2026-04-01T00:00:00Z").json()

    assert [record["id"] for record in inside["deletedRecords"]] == ["006000000000011AAA"]
    assert inside["latestDateCovered"] == "2026-03-13T10:00:00.000+0000"
    assert inside["earliestDateAvailable"] == "2026-03-02T02:00:00.000+0000"
    assert future["latestDateCovered"] == "2026-03-17T02:00:00.000+0000"
    assert len(future["deletedRecords"]) == 2


@pytest.mark.parametrize(
    ("path", "start", "end", "code"),
    [
        ("Opportunity/deleted", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("Opportunity/updated", "2026-02-10T00:00:00Z", "2026-03-05T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("Opportunity/deleted", "2026-03-10T00:00:00Z", "2026-03-10T00:01:00Z", "INVALID_REPLICATION_DATE"),
        ("Opportunity/deleted", "yesterday", "2026-03-10T00:01:00Z", "MALFORMED_QUERY"),
        ("OpportunityStage/deleted", "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z", "INVALID_TYPE"),
    ],
)
def test_a_window_that_breaks_a_rule_is_refused(org: ServedOrg, path: str, start: str, end: str, code: str) -> None:
    reply = org.get(f"/sobjects/{path}", start=start, end=end)

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)


def test_updated_reaches_thirty_days_back(org: ServedOrg) -> None:
    reply = org.get("/sobjects/Task/updated", start="2026-02-16T02:00:00Z", end="2026-03-01T00:00:00Z")

    assert reply.json() == {"ids": [], "latestDateCovered": "2026-03-01T00:00:00.000+0000"}
