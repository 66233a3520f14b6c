"""From describe to columns, from a window to SOQL, from a refusal to what a person should do."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from connectors.errors import (
    AuthenticationError,
    CrmError,
    CrowdedError,
    NoAccessError,
    PausedError,
    RejectedRequestError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.landing import Window
from connectors.pacing import Pacing
from connectors.reply import Refusal
from connectors.salesforce.auth import ClientCredentials, open_session
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.columns import Selection
from connectors.salesforce.describe import read_description, readable_columns
from connectors.salesforce.objects import find_object
from connectors.salesforce.query import ObjectQuery
from connectors.salesforce.refusals import ADVICE, classify
from connectors.schema import TableSchema
from connectors.secret import Secret
from connectors.wire import session_sender
from tests.connectors.salesforce.conftest import ServedOrg

WINDOW = Window(datetime(2026, 3, 16, 1, 45, tzinfo=UTC), datetime(2026, 3, 17, 1, 55, 7, 250_000, tzinfo=UTC))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"type": "currency", "precision": 18, "scale": 2}, "DECIMAL(18,2)"),
        ({"type": "currency", "precision": 18, "scale": 0}, "DECIMAL(20,2)"),
        ({"type": "percent", "precision": 3, "scale": 0}, "DECIMAL(18,2)"),
        ({"type": "double", "precision": 18, "scale": 15}, "DECIMAL(31,15)"),
        ({"type": "int", "precision": 0, "scale": 0}, "BIGINT"),
        ({"type": "boolean"}, "BOOLEAN"),
        ({"type": "date"}, "DATE"),
        ({"type": "datetime"}, "TIMESTAMP"),
        ({"type": "reference"}, "VARCHAR"),
        ({"type": "multipicklist"}, "VARCHAR[]"),
        ({"type": "anyType"}, "VARCHAR"),
        ({"type": "time"}, "VARCHAR"),
    ],
)
def test_a_field_becomes_a_column_that_holds_its_every_value(field: dict[str, object], expected: str) -> None:
    columns = readable_columns({"fields": [{"name": "Field__c", **field}]}).columns

    assert [column.duckdb_type for column in columns] == [expected]


@pytest.mark.parametrize("kind", ["address", "location", "base64"])
def test_compound_fields_and_blobs_are_left_out(kind: str) -> None:
    fields = [{"name": "Id", "type": "id"}, {"name": "BillingAddress", "type": kind}]

    assert readable_columns({"fields": fields}).names == ("Id",)


def test_a_blob_is_named_as_not_read_and_a_formula_as_computed() -> None:
    fields = [
        {"name": "Id", "type": "id"},
        {"name": "Scan__c", "type": "base64"},
        {"name": "Score__c", "type": "double", "precision": 18, "scale": 2, "calculated": True},
    ]

    described = read_description({"fields": fields})

    assert (described.unsupported, described.calculated) == (("Scan__c",), ("Score__c",))


def test_a_window_is_half_open_in_soql_and_keeps_its_milliseconds() -> None:
    query = ObjectQuery.of(
        find_object("Lead"),
        WINDOW,
        Selection.plain(TableSchema.of({"Id": "VARCHAR", "SystemModstamp": "TIMESTAMP"})),
    )

    assert query.soql() == (
        "SELECT Id, SystemModstamp FROM Lead "
        "WHERE SystemModstamp >= 2026-03-16T01:45:00.000Z AND SystemModstamp < 2026-03-17T01:55:07.250Z"
    )
    assert query.soql(is_ordered=True).endswith("ORDER BY SystemModstamp, Id")


def test_a_list_of_ids_leaves_archived_records_in_and_recycled_ones_out() -> None:
    assert ObjectQuery.ids_of(find_object("Task"), WINDOW).soql() == "SELECT Id FROM Task WHERE IsDeleted = false"


def test_a_bulk_result_with_other_columns_is_not_landed(tmp_path: Path) -> None:
    file = tmp_path / "result.csv"
    file.write_text('"Id","Nickname"\n')
    query = ObjectQuery.ids_of(find_object("Task"), WINDOW)

    with pytest.raises(UnexpectedReplyError, match="other columns"):
        query.csv_rows(file)


@pytest.mark.parametrize(
    ("status", "code", "message", "error"),
    [
        (400, "INVALID_SESSION_ID", "dead", AuthenticationError),
        (403, "API_DISABLED_FOR_ORG", "off", AuthenticationError),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", PausedError),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", CrowdedError),
        (400, "SERVER_UNAVAILABLE", "busy", TransientError),
        (420, "", "", TransientError),
        (400, "UNABLE_TO_LOCK_ROW", "busy", TransientError),
        (400, "INVALID_TYPE", "sObject type 'Period' is not supported.", NoAccessError),
        (403, "TXN_SECURITY_METERING_ERROR", "policy", RejectedRequestError),
        *((400, code, "text", RejectedRequestError) for code in ADVICE if not code.startswith("API_")),
    ],
)
def test_a_refusal_is_sorted_by_what_to_do_about_it(
    status: int, code: str, message: str, error: type[CrmError]
) -> None:
    found = classify(_refusal(status, code, message))

    assert type(found) is error
    if isinstance(found, RejectedRequestError):
        assert found.code == code
        assert str(found).rstrip().endswith(".")


def test_a_refusal_names_the_object_and_the_field_and_nothing_else_of_the_body() -> None:
    message = "SELECT Id, Nick FROM Lead\nERROR\nNo such column 'Nick' on entity 'Lead'. secret-looking text"

    found = classify(_refusal(400, "INVALID_FIELD", message))

    assert str(found).startswith("Salesforce rejected Lead.Nick (HTTP 400, INVALID_FIELD).")
    assert "secret" not in str(found)


def _refusal(status: int, code: str, message: str) -> Refusal:
    body = orjson.dumps([{"errorCode": code, "message": message}]) if code else b""
    return Refusal("GET", "/services/data/v62.0/queryAll/", status, {}, body)


def test_a_query_too_long_for_an_address_travels_in_a_body(org: ServedOrg) -> None:
    session = open_session(org.url)
    login = ClientCredentials(org.url, "sandbox-client", Secret("sandbox-secret"))
    client = SalesforceClient(login, session_sender(session))
    conditions = " AND ".join(f"Name != '{letter * 3_900}'" for letter in "abcde")

    body, page = client.query(f"SELECT Id FROM UserRole WHERE {conditions}")

    assert page["totalSize"] == len(org.world.ids("UserRole"))
    assert orjson.loads(body) == page
    assert dict(client.calls) == {"composite_query": 1, "login": 1}
    session.close()
    login.close()


def test_the_meter_in_each_reply_leaves_a_fifth_of_the_daily_calls_to_others(org: ServedOrg) -> None:
    session = open_session(org.url)
    login = ClientCredentials(org.url, "sandbox-client", Secret("sandbox-secret"))
    client = SalesforceClient(login, session_sender(session), pacing=Pacing(reserve=0.2))

    before = client.remaining_calls
    client.get("/limits", family="limits")

    assert before is None
    assert client.remaining_calls == 100_000 - 1  # of the sandbox's 125,000
    session.close()
    login.close()
