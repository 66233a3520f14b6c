"""Sessions, versions, Composite, the virtual clock and the control endpoints of a served org."""

import base64
import json
import time

import pytest
import requests

from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import OPPORTUNITIES

TOKEN = "/services/oauth2/token"


def ask_token(org: ServedOrg, **form: str) -> requests.Response:
    """The token endpoint's answer to a form with the right client."""
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    return requests.post(f"{org.url}{TOKEN}", data={**client, **form}, timeout=10)


def query_part(reference: str, soql: str) -> dict[str, str]:
    """A GET of a query for Composite."""
    url = "/services/data/v62.0/query?q=" + soql.replace(" ", "+")
    return {"method": "GET", "url": url, "referenceId": reference}


def test_the_token_answer_names_this_server_as_the_instance(org: ServedOrg) -> None:
    reply = ask_token(org, grant_type="client_credentials").json()

    assert (reply["instance_url"], reply["token_type"]) == (org.url, "Bearer")
    assert reply["access_token"].startswith("00D000000000777!")


def test_refusals_of_the_token_endpoint_are_oauth_s(org: ServedOrg) -> None:
    refused = [
        ask_token(org, grant_type="client_credentials", client_id="who"),
        ask_token(org, grant_type="client_credentials", client_secret="no"),
        ask_token(org, grant_type="password", username="integration@sandbox.invalid", password="no"),
        ask_token(org, grant_type="magic"),
    ]

    assert [(reply.status_code, reply.json()["error"]) for reply in refused] == [
        (400, "invalid_client_id"),
        (400, "invalid_client"),
        (400, "invalid_grant"),
        (400, "unsupported_grant_type"),
    ]


def test_without_rotation_a_refresh_token_stays_and_none_is_sent(own_org: ServedOrg) -> None:
    own_org.post("/__sandbox__/faults", {"rotate_refresh_tokens": False})

    answers = [
        ask_token(own_org, grant_type="refresh_token", refresh_token="5Aep861-sandbox-refresh-0") for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "refresh_token" not in answers[0].json()


def test_a_revoked_token_is_dead_and_a_revoked_refresh_token_takes_every_session_along(own_org: ServedOrg) -> None:
    def revoke(token: str) -> int:
        form = {"token": token}
        return own_org.session.post(f"{own_org.url}/services/oauth2/revoke", data=form, timeout=10).status_code

    assert revoke(str(own_org.session.headers["Authorization"]).removeprefix("Bearer ")) == 200
    assert own_org.get("/limits").status_code == 401
    own_org.log_in()
    assert own_org.get("/limits").status_code == 200
    assert revoke("5Aep861-sandbox-refresh-0") == 200
    assert own_org.get("/limits").status_code == 401
    assert revoke("nonsense") == 400
    dead = ask_token(own_org, grant_type="refresh_token", refresh_token="5Aep861-sandbox-refresh-0")
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"iss": "someone-else"}, "client identifier invalid"),
        ({"sub": "nobody@sandbox.invalid"}, "user hasn't approved this consumer"),
        ({"exp": 1_000}, "expired assertion"),
        ({"exp": None}, "invalid assertion"),
        ({"aud": "https://elsewhere.example"}, "audience is invalid"),
    ],
)
def test_an_assertion_is_refused_for_what_it_claims(
    org: ServedOrg, claims: dict[str, object], description: str
) -> None:
    good = {
        "iss": "sandbox-client",
        "sub": "integration@sandbox.invalid",
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 60,
    }

    def ask(chosen: dict[str, object]) -> requests.Response:
        body = base64.urlsafe_b64encode(json.dumps(chosen).encode()).decode().rstrip("=")
        return ask_token(org, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=f"e30.{body}.c2ln")

    assert ask(good).status_code == 200
    refused = ask({**good, **claims})
    assert (refused.status_code, refused.json()["error_description"]) == (400, description)


def test_a_refresh_token_is_rotated_and_works_once(org: ServedOrg) -> None:
    first = ask_token(org, grant_type="refresh_token", refresh_token="5Aep861-sandbox-refresh-0").json()
    spent = ask_token(org, grant_type="refresh_token", refresh_token="5Aep861-sandbox-refresh-0")
    second = ask_token(org, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_grant")
    assert second.status_code == 200


def test_soap_login_ended_with_version_65(org: ServedOrg) -> None:
    reply = requests.post(f"{org.url}/services/Soap/u/65.0", data="<login/>", timeout=10)

    assert reply.status_code == 500
    assert "<sf:exceptionCode>UNSUPPORTED_API_VERSION</sf:exceptionCode>" in reply.text


def test_without_a_live_token_data_is_refused_with_a_list_and_no_usage(org: ServedOrg) -> None:
    org.session.headers["Authorization"] = "Bearer 00D000000000777!stale"

    reply = org.query("SELECT Id FROM Account")

    assert reply.status_code == 401
    assert reply.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert "Sforce-Limit-Info" not in reply.headers


def test_versions_are_open_to_all_and_an_unknown_one_is_not_found(org: ServedOrg) -> None:
    versions = requests.get(f"{org.url}/services/data/", timeout=10).json()

    assert {"label": "Winter '25", "url": "/services/data/v62.0", "version": "62.0"} in versions
    assert versions[-1]["label"] == "Spring '26"
    assert org.get("/services/data/v99.0/limits").status_code == 404
    assert org.get("/nowhere").json()[0]["errorCode"] == "NOT_FOUND"
    assert org.send("PUT", "/limits").json() == [
        {"message": "HTTP Method 'PUT' not allowed. Allowed are GET", "errorCode": "METHOD_NOT_ALLOWED"}
    ]
    assert org.get("").json()["query"] == "/services/data/v62.0/query"


def test_an_address_longer_than_the_service_takes_is_refused(org: ServedOrg) -> None:
    ids = ",".join(f"'006{number:012d}AAA'" for number in range(900))

    assert org.query(f"SELECT Id FROM Opportunity WHERE Id IN ({ids})").status_code == 414


def test_every_answer_bears_the_frozen_clock(org: ServedOrg) -> None:
    replies = [org.get("/limits"), requests.get(f"{org.url}/services/nowhere", timeout=10), org.get("/__stats__")]

    assert {reply.headers["Date"] for reply in replies} == {"Tue, 17 Mar 2026 02:00:00 GMT"}


def test_composite_answers_its_parts_in_order_for_one_call(org: ServedOrg) -> None:
    before = org.state.stats.calls.total()
    used = int(org.get("/limits").headers["Sforce-Limit-Info"].split("=")[1].split("/")[0])
    parts = [
        query_part("count", "SELECT COUNT() FROM Opportunity"),
        query_part("broken", "SELECT Nope FROM Opportunity"),
        query_part("tasks", "SELECT Id FROM Task"),
        {"method": "GET", "url": "@{tasks.nextRecordsUrl}", "referenceId": "more"},
        {"method": "GET", "url": "/services/data/v62.0/sobjects/Account/describe", "referenceId": "shape"},
        {"method": "GET", "url": "@{broken.nextRecordsUrl}", "referenceId": "lost"},
    ]

    reply = org.post("/composite", {"allOrNone": False, "compositeRequest": parts})

    answers = {answer["referenceId"]: answer for answer in reply.json()["compositeResponse"]}
    assert list(answers) == ["count", "broken", "tasks", "more", "shape", "lost"]
    assert [answer["httpStatusCode"] for answer in answers.values()] == [200, 400, 200, 200, 200, 400]
    assert answers["count"]["body"]["totalSize"] == OPPORTUNITIES - 2
    assert len(answers["more"]["body"]["records"]) == 2_000
    assert answers["lost"]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert reply.headers["Sforce-Limit-Info"].startswith(f"api-usage={used + 1}/")
    assert org.state.stats.calls.total() == before + 2


def test_composite_takes_no_more_than_five_queries(org: ServedOrg) -> None:
    parts = [query_part(f"q{number}", "SELECT Id FROM Account") for number in range(6)]

    assert org.post("/composite", {"compositeRequest": parts}).status_code == 400


def test_truth_lists_rows_with_hashes_or_whole(org: ServedOrg) -> None:
    rows = org.get("/__truth__/salesforce/Opportunity").json()
    whole = org.get("/__truth__/salesforce/Account", full="1").json()

    assert len(rows) == OPPORTUNITIES
    assert len({row["hash"] for row in rows}) == OPPORTUNITIES
    assert {row["Name"] for row in whole} == {"Alpha", "Beta"}
    assert org.get("/__truth__/truth/findings").json() == [{"check_id": "C01"}]
    assert org.get("/__truth__/salesforce/Nope").status_code == 404


def test_stats_count_calls_statuses_and_bytes_by_family(org: ServedOrg) -> None:
    org.query("SELECT Id FROM Account")
    org.query("SELECT Nope FROM Account")

    stats = org.get("/__stats__").json()

    assert stats["calls"] == {"salesforce.query": 2}
    assert stats["statuses"] == {"salesforce.query 200": 1, "salesforce.query 400": 1}
    assert stats["bytes"]["salesforce.query"] > 0
    assert stats["connections"] == 1


def test_a_batch_answers_each_part_by_itself(org: ServedOrg) -> None:
    parts = [{"method": "GET", "url": f"v62.0/sobjects/{name}/describe"} for name in ("Account", "Nope")]

    reply = org.post("/composite/batch", {"batchRequests": parts}).json()

    assert reply["hasErrors"] is True
    assert [one["statusCode"] for one in reply["results"]] == [200, 404]
    assert reply["results"][0]["result"]["name"] == "Account"
    assert org.post("/composite/batch", {"batchRequests": []}).status_code == 400


def test_a_login_names_the_org_that_answers_now(own_org: ServedOrg) -> None:
    before = ask_token(own_org, grant_type="client_credentials").json()["id"]

    made = own_org.edit("change_org")

    after = ask_token(own_org, grant_type="client_credentials").json()["id"]
    assert before != after
    assert str(made["id"]) in after
