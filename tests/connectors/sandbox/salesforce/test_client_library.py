"""Proof of fidelity: simple-salesforce, unmodified, walks the org; only its https is led to the loopback server."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed, SalesforceMalformedRequest

from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import OPPORTUNITIES, PURGED, TASKS


class LoopbackAdapter(HTTPAdapter):
    """Sends what the library addresses to https://…salesforce.com or the server's own host to the server, by http."""

    def __init__(self, url: str) -> None:
        """`url` is the server's."""
        super().__init__()
        self._url = url

    def send(self, request, **options):  # type: ignore[no-untyped-def]
        """Replace scheme and host, keep the rest."""
        request.url = self._url + request.path_url
        return super().send(request, **options)


@pytest.fixture
def session(org: ServedOrg) -> Iterator[requests.Session]:
    """A session whose https requests reach the sandbox."""
    with requests.Session() as made:
        made.mount("https://", LoopbackAdapter(org.url))
        yield made


@pytest.fixture
def client(session: requests.Session) -> Salesforce:
    """Logged in by SOAP, the library's first login mode."""
    return Salesforce(
        username="integration@sandbox.invalid",
        password="sandbox-password",
        security_token="sandboxtoken",
        session=session,
        version="62.0",
    )


def test_each_login_mode_ends_in_a_session_that_can_query(session: requests.Session) -> None:
    keys = {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}
    user = {"username": "integration@sandbox.invalid", "password": "sandbox-password"}
    modes = [
        {**user, "organizationId": "00D000000000777"},
        {**user, **keys, "password": "sandbox-passwordsandboxtoken"},
        {**keys, "domain": "sandbox.my"},
    ]

    found = [Salesforce(**mode, session=session).query("SELECT COUNT() FROM Account")["totalSize"] for mode in modes]

    assert found == [2, 2, 2]


def make_key() -> tuple[str, str]:
    """A private key and its public half, in PEM."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def test_a_jwt_login_is_taken_from_whoever_holds_the_certificate_s_key(
    session: requests.Session, org: ServedOrg
) -> None:
    (private, public), (other, _) = make_key(), make_key()
    user = {"username": "integration@sandbox.invalid", "consumer_key": "sandbox-client", "session": session}
    org.edit("register_certificate", public_key=public)

    client = Salesforce(**user, privatekey=private)
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        Salesforce(**user, privatekey=other)

    org.edit("register_certificate", public_key=None)
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 2


def test_a_wrong_password_is_refused_by_both_login_ways(session: requests.Session) -> None:
    for extra in ({"security_token": "no"}, {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}):
        with pytest.raises(SalesforceAuthenticationFailed):
            Salesforce(username="integration@sandbox.invalid", password="wrong", session=session, **extra)


def test_describe_lists_objects_and_the_types_of_fields(client: Salesforce) -> None:
    objects = {entry["name"]: entry for entry in client.describe()["sobjects"]}
    fields = {entry["name"]: entry for entry in client.Opportunity.describe()["fields"]}

    assert objects["Opportunity"]["keyPrefix"] == "006"
    assert (fields["Amount"]["type"], fields["Amount"]["precision"], fields["Amount"]["scale"]) == ("currency", 18, 2)
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert [value["value"] for value in fields["StageName"]["picklistValues"]] == ["Prospecting", "Old stage"]


def test_a_query_answers_records_with_attributes_and_the_service_s_own_value_formats(client: Salesforce) -> None:
    soql = "SELECT Id, Name, Amount, CloseDate, SystemModstamp, IsClosed, Account.Name FROM Opportunity ORDER BY Id"

    records = client.query(soql)["records"]

    assert records[0]["attributes"] == {
        "type": "Opportunity",
        "url": "/services/data/v62.0/sobjects/Opportunity/006000000000001AAA",
    }
    assert records[0]["Name"] == 'Say "hi", O\'Brien \\ co'
    assert records[0]["SystemModstamp"] == "2026-03-02T10:00:00.000+0000"
    assert records[0]["CloseDate"] == "2026-03-11"
    assert records[0]["Account"]["Name"] == "Beta"
    assert [record["Amount"] for record in records[:4]] == [1000.5, 12345678.9, None, -20000000.0]
    assert records[2]["Account"] is None


def test_query_all_pages_follow_the_locator_to_the_last_row(client: Salesforce, org: ServedOrg) -> None:
    result = client.query_all("SELECT Id, Subject FROM Task")

    assert result["totalSize"] == TASKS
    assert len({record["Id"] for record in result["records"]}) == TASKS
    assert org.state.stats.calls["salesforce.query_more"] == 2


def test_deleted_rows_come_with_query_all_only(client: Salesforce) -> None:
    soql = "SELECT COUNT() FROM Opportunity"

    assert client.query(soql)["totalSize"] == OPPORTUNITIES - 2
    assert client.query(soql, include_deleted=True)["totalSize"] == OPPORTUNITIES


def test_limits_and_the_usage_header_count_the_same_calls(client: Salesforce) -> None:
    limits = client.limits()["DailyApiRequests"]

    assert client.api_usage["api-usage"].used == limits["Max"] - limits["Remaining"]
    assert client.api_usage["api-usage"].total == limits["Max"]


def test_the_deleted_and_updated_helpers_answer_ids_of_their_window(client: Salesforce) -> None:
    start, end = datetime(2026, 3, 12, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)

    deleted = client.Opportunity.deleted(start, end)
    updated = client.Opportunity.updated(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))

    assert [record["id"] for record in deleted["deletedRecords"]][-1] == PURGED
    assert len(deleted["deletedRecords"]) == 3
    assert deleted["latestDateCovered"] == "2026-03-15T00:00:00.000+0000"
    assert updated["ids"] == ["006000000000002AAA", "006000000000003AAA"]


def test_a_record_is_read_by_its_id(client: Salesforce) -> None:
    assert client.Account.get("001000000000001AAA")["AnnualRevenue"] == 5_600_000_000.0


def test_a_wrong_field_is_a_malformed_request_with_salesforce_s_code(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.query("SELECT Nope FROM Opportunity")

    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"


def test_an_expired_session_is_renewed_by_the_library_s_own_login(client: Salesforce, org: ServedOrg) -> None:
    org.fail("expire_session", "salesforce.query", at=1)

    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 2
    assert org.state.stats.statuses["salesforce.query 401"] == 1


def test_bulk2_downloads_every_row_in_pages(client: Salesforce, tmp_path: Path, org: ServedOrg) -> None:
    # the library waits five seconds by default before it first asks for the job's state
    files = client.bulk2.Task.download("SELECT Id, Subject FROM Task", path=str(tmp_path), max_records=2_000, wait=0.01)

    rows = [row for file in files for row in csv.DictReader(Path(file["file"]).read_text("utf-8").splitlines())]
    assert len({row["Id"] for row in rows}) == TASKS
    assert [file["number_of_records"] for file in files] == [2_000, 2_000, 500]
    assert org.state.stats.calls["salesforce.bulk_results"] == 3


def test_the_library_reads_what_edits_made(own_org: ServedOrg) -> None:
    fields = [{"name": "Budget__c", "type": "currency"}, {"name": "Tags__c", "type": "multipicklist"}]
    own_org.edit("add_object", name="Project__c", fields=fields)
    rows = [{"Name": "One", "Budget__c": 5}, {"Name": "Two", "Tags__c": ["red", "blue"]}]
    ids = own_org.edit("insert", object="Project__c", rows=rows)["ids"]
    assert isinstance(ids, list)
    own_org.edit("hard_delete", object="Project__c", id=ids[0], stamp="2026-03-16T10:00:00Z")
    with requests.Session() as session:
        session.mount("https://", LoopbackAdapter(own_org.url))
        client = Salesforce(
            consumer_key="sandbox-client", consumer_secret="sandbox-secret", domain="sandbox.my", session=session
        )

        types = {field["name"]: field["type"] for field in client.Project__c.describe()["fields"]}
        records = client.query_all("SELECT Id, Name, Budget__c, Tags__c FROM Project__c")["records"]
        deleted = client.Project__c.deleted(datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 3, 17, tzinfo=UTC))
        described = client.restful(
            "composite/batch",
            method="POST",
            json={"batchRequests": [{"method": "GET", "url": "v59.0/sobjects/Project__c/describe"}]},
        )

    assert (types["Budget__c"], types["Tags__c"]) == ("currency", "multipicklist")
    assert [(row["Name"], row["Budget__c"], row["Tags__c"]) for row in records] == [("Two", None, "red;blue")]
    assert [row["id"] for row in deleted["deletedRecords"]] == [ids[0]]
    assert described["results"][0]["result"]["name"] == "Project__c"
