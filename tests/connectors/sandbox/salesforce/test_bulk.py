"""Bulk 2.0 query jobs from creation to deletion, with what the real service refuses."""

import csv
import io

import pytest
import requests

from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import TASKS

COLUMNS = "Id, Name, Amount, Probability, CloseDate, SystemModstamp, IsClosed, Competitor__c, Account.Name"


def make_job(org: ServedOrg, soql: str, *, operation: str = "query", complete: bool = True) -> str:
    """The path of a job, finished unless told."""
    reply = org.post("/jobs/query", {"operation": operation, "query": soql})
    assert reply.status_code == 200, reply.text
    path = f"/jobs/query/{reply.json()['id']}"
    if complete:
        assert org.get(path).json()["state"] == "JobComplete"
    return path


def rows_of(reply: requests.Response) -> list[dict[str, str]]:
    """The records of a CSV answer."""
    return list(csv.DictReader(io.StringIO(reply.content.decode(), newline="")))


def error_of(reply: requests.Response) -> tuple[int, str]:
    """Status and errorCode."""
    return reply.status_code, reply.json()[0]["errorCode"]


def test_a_job_reports_what_the_service_reports(org: ServedOrg) -> None:
    org.state.bulk_polls = 2
    made = org.post("/jobs/query", {"operation": "query", "query": "SELECT Id FROM Opportunity"}).json()

    polls = [org.get(f"/jobs/query/{made['id']}").json() for _ in range(3)]

    assert (made["state"], made["object"], made["apiVersion"]) == ("UploadComplete", "Opportunity", 62.0)
    assert [poll["state"] for poll in polls] == ["InProgress", "JobComplete", "JobComplete"]
    assert [poll["numberRecordsProcessed"] for poll in polls] == [0, 10, 10]
    assert polls[-1]["jobType"] == "V2Query"


def test_csv_quotes_everything_and_leaves_nulls_empty(org: ServedOrg) -> None:
    job = make_job(org, f"SELECT {COLUMNS} FROM Opportunity ORDER BY Id LIMIT 4")

    reply = org.get(f"{job}/results")

    header, first, *_ = reply.text.splitlines()
    assert header == '"' + COLUMNS.replace(", ", '","') + '"'
    assert first == (
        '"006000000000001AAA","Say ""hi"", O\'Brien \\ co","1000.5","5.0","2026-03-11","2026-03-02T10:00:00.000Z",'
        '"false","","Beta"'
    )
    rows = rows_of(reply)
    assert [row["Amount"] for row in rows] == ["1000.5", "1.23456789E7", "", "-2.0E7"]
    assert (rows[2]["Account.Name"], rows[3]["Name"]) == ("", "two\nlines")
    assert reply.headers["Content-Type"] == "text/csv; charset=UTF-8"


def test_pages_follow_the_locator_and_can_be_read_again(org: ServedOrg) -> None:
    job = make_job(org, "SELECT Id FROM Task")

    pages, locator = [], ""
    while locator != "null":
        pages.append(org.get(f"{job}/results", maxRecords="2000", **({"locator": locator} if locator else {})))
        locator = pages[-1].headers["Sforce-Locator"]
    again = org.get(f"{job}/results", maxRecords="2000", locator=pages[1].headers["Sforce-Locator"])

    assert [page.headers["Sforce-NumberOfRecords"] for page in pages] == ["2000", "2000", "500"]
    assert len({row["Id"] for page in pages for row in rows_of(page)}) == TASKS
    assert again.content == pages[2].content
    assert pages[0].headers["Content-Encoding"] == "gzip"


def test_result_pages_hand_out_five_urls_at_a_time(org: ServedOrg) -> None:
    job = make_job(org, "SELECT Id FROM Task")

    first = org.get(f"{job}/resultPages", maxRecords="700").json()
    second = org.get(first["nextRecordsUrl"]).json()

    urls = [page["resultUrl"] for page in first["resultPages"] + second["resultPages"]]
    assert (len(first["resultPages"]), first["done"], second["done"]) == (5, False, True)
    assert len({row["Id"] for url in urls for row in rows_of(org.get(url))}) == TASKS


def test_an_empty_result_is_a_header(org: ServedOrg) -> None:
    job = make_job(org, "SELECT Id, Name FROM Opportunity WHERE Name = 'none'")

    reply = org.get(f"{job}/results")

    assert reply.text == '"Id","Name"\n'
    assert (reply.headers["Sforce-NumberOfRecords"], reply.headers["Sforce-Locator"]) == ("0", "null")


def test_query_all_jobs_bring_deleted_rows(org: ServedOrg) -> None:
    job = make_job(org, "SELECT Id, IsDeleted FROM Opportunity", operation="queryAll")

    assert [row["IsDeleted"] for row in rows_of(org.get(f"{job}/results"))].count("true") == 2


def test_results_belong_to_the_api_version_that_made_the_job(org: ServedOrg) -> None:
    job = make_job(org, "SELECT Id FROM Opportunity")

    reply = org.get(f"/services/data/v60.0{job}/results")

    assert reply.status_code == 409


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT COUNT() FROM Task", "API_ERROR"),
        ("SELECT MAX(SystemModstamp) FROM Task", "API_ERROR"),
        ("SELECT Id FROM Task LIMIT 10 OFFSET 5", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT Id FROM UserRole", "INVALIDENTITY"),
        ("SELECT Nope FROM Task", "INVALID_FIELD"),
        ("SELECT FROM Task", "MALFORMED_QUERY"),
    ],
)
def test_what_bulk_cannot_do_is_refused_at_creation(org: ServedOrg, soql: str, code: str) -> None:
    org.state.no_bulk = {"UserRole"}

    assert error_of(org.post("/jobs/query", {"operation": "query", "query": soql})) == (400, code)


def test_an_unfinished_job_has_no_results_and_can_be_aborted_then_deleted(org: ServedOrg) -> None:
    org.state.bulk_polls = 5
    job = make_job(org, "SELECT Id FROM Opportunity", complete=False)

    early, kept = org.get(f"{job}/results"), org.send("DELETE", job)
    aborted = org.send("PATCH", job, {"state": "Aborted"}).json()["state"]
    deleted = org.send("DELETE", job).status_code

    assert (error_of(early), kept.status_code) == ((400, "INVALIDJOBSTATE"), 400)
    assert (aborted, deleted, org.get(job).status_code) == ("Aborted", 204, 404)


def test_a_job_can_be_made_to_fail(org: ServedOrg) -> None:
    org.fail("job_failed", "salesforce.bulk_create", at=1)
    job = make_job(org, "SELECT Id FROM Opportunity", complete=False)

    status = org.get(job).json()

    assert status["state"] == "Failed"
    assert "InternalServerError" in status["errorMessage"]
    assert error_of(org.get(f"{job}/results")) == (400, "INVALIDJOBSTATE")


def test_jobs_and_their_bytes_count_in_the_daily_allowance(org: ServedOrg) -> None:
    before = org.get("/limits").json()["DailyBulkV2QueryJobs"]["Remaining"]
    make_job(org, "SELECT Id FROM Opportunity")

    assert org.get("/limits").json()["DailyBulkV2QueryJobs"]["Remaining"] == before - 1


def test_a_job_is_gone_after_seven_days(own_org: ServedOrg) -> None:
    job = (
        "/jobs/query/"
        + own_org.post("/jobs/query", {"operation": "query", "query": "SELECT Id FROM Task"}).json()["id"]
    )
    own_org.get(job)

    own_org.post("/__sandbox__/tick?days=6", {})
    kept = own_org.get(f"{job}/results").status_code
    own_org.post("/__sandbox__/tick?days=1", {})

    assert (kept, own_org.get(job).status_code, own_org.get(f"{job}/results").status_code) == (200, 404, 404)
