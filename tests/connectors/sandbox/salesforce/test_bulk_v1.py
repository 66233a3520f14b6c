"""Bulk API 1.0 as older extractors call it: CSV results, XML about batches, JSON about jobs, and PK chunking."""

import csv
import re

import pytest
import requests

from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import TASKS

ROOT = "/services/async/61.0/job"
SOQL = "SELECT Id, Subject FROM Task"


class Client:
    """Requests as tap-salesforce makes them."""

    def __init__(self, org: ServedOrg) -> None:
        """With the org's session, in the header that this API wants."""
        self._org = org
        self._token = str(org.session.headers["Authorization"]).removeprefix("Bearer ")

    def send(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        """JSON, unless the body is a query."""
        kind = "text/csv" if isinstance(body, str) else "application/json"
        return requests.request(
            method,
            f"{self._org.url}{ROOT}{path}",
            headers={"X-SFDC-Session": self._token, "Content-Type": kind, **headers},
            **({"data": body} if isinstance(body, str) else {"json": body}),  # type: ignore[arg-type]
            timeout=10,
        )

    def create(self, name: str = "Task", **headers: str) -> str:
        """A queryAll job's id."""
        made = self.send("POST", "", {"operation": "queryAll", "object": name, "contentType": "CSV"}, **headers)
        assert made.status_code == 201, made.text
        assert made.json()["state"] == "Open"
        return str(made.json()["id"])

    def rows(self, job: str, batch: str) -> list[dict[str, str]]:
        """A batch's records."""
        listed = self.send("GET", f"/{job}/batch/{batch}/result").text
        found = re.findall(r"<result>(\w+)</result>", listed)
        text = self.send("GET", f"/{job}/batch/{batch}/result/{found[0]}").text
        return list(csv.DictReader(text.splitlines()))


def value(xml: str, name: str) -> str:
    """The first element of a name."""
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    assert found is not None, xml
    return found[1]


def test_a_batch_is_run_and_read_as_csv(org: ServedOrg) -> None:
    client = Client(org)
    job = client.create()

    added = client.send("POST", f"/{job}/batch", SOQL)
    batch = value(added.text, "id")
    closed = client.send("POST", f"/{job}", {"state": "Closed"}).json()["state"]
    status = client.send("GET", f"/{job}/batch/{batch}").text

    assert (added.status_code, added.headers["Content-Type"], closed) == (201, "application/xml", "Closed")
    assert (value(status, "state"), value(status, "numberRecordsProcessed")) == ("Completed", str(TASKS))
    assert len({row["Id"] for row in client.rows(job, batch)}) == TASKS


def test_pk_chunking_cuts_the_result_into_batches(org: ServedOrg) -> None:
    client = Client(org)
    job = client.create(**{"Sforce-Enable-PKChunking": "true; chunkSize=2000"})
    client.send("POST", f"/{job}/batch", SOQL)

    listed = client.send("GET", f"/{job}/batch").text
    states = re.findall(r"<state>(\w+)</state>", listed)
    batches = re.findall(r"<id>(\w+)</id>", listed)
    rows = [client.rows(job, batch) for batch in batches[1:]]

    assert states == ["NotProcessed", "Completed", "Completed", "Completed"]
    assert [len(part) for part in rows] == [2_000, 2_000, TASKS - 4_000]
    assert len({row["Id"] for part in rows for row in part}) == TASKS


def test_a_dead_session_is_a_400_of_its_own_kind(org: ServedOrg) -> None:
    client = Client(org)
    org.fail("expire_session", "salesforce.bulk1_create", at=1)

    refused = client.send("POST", "", {"operation": "query", "object": "Task", "contentType": "CSV"})

    assert (refused.status_code, refused.json()["exceptionCode"]) == (400, "InvalidSessionId")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "query", "object": "Nope", "contentType": "CSV"}, "InvalidEntity"),
        ({"operation": "insert", "object": "Task", "contentType": "CSV"}, "InvalidJob"),
    ],
)
def test_what_cannot_be_queried_is_refused(org: ServedOrg, body: dict[str, str], code: str) -> None:
    refused = Client(org).send("POST", "", body)

    assert (refused.status_code, refused.json()["exceptionCode"]) == (400, code)


def test_an_empty_result_is_a_sentence_and_an_unknown_job_an_error(org: ServedOrg) -> None:
    client = Client(org)
    job = client.create()
    batch = value(client.send("POST", f"/{job}/batch", f"{SOQL} WHERE Subject = 'none'").text, "id")

    assert client.send("GET", f"/{job}/batch/{batch}/result/752{batch[3:]}").text == "Records not found for this query"
    assert client.send("GET", "/750nothing").json()["exceptionCode"] == "InvalidJob"


def test_a_failing_batch_says_what_an_extractor_looks_for(org: ServedOrg) -> None:
    client = Client(org)
    job = client.create()
    org.fail("job_failed", "salesforce.bulk1_batch", at=1)

    failed = client.send("POST", f"/{job}/batch", SOQL).text

    assert value(failed, "state") == "Failed"
    assert "Retried more" in value(failed, "stateMessage")


def test_header_names_are_sent_as_they_are_written(org: ServedOrg) -> None:
    names = list(org.get("/limits").headers)

    assert {"Content-Type", "Content-Length", "Date", "Sforce-Limit-Info"} <= set(names)
