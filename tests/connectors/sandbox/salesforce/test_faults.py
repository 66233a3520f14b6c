"""Faults by switch: which call they hit, and what of an answer still arrives."""

import gzip

import pytest
import requests

from connectors.sandbox.faults import Fault, FaultBoard
from tests.connectors.sandbox.salesforce.conftest import ServedOrg

SOQL = "SELECT Id, Subject FROM Task ORDER BY Id LIMIT 1000"


def statuses(org: ServedOrg, calls: int) -> list[int]:
    """Statuses of so many queries."""
    return [org.query("SELECT Id FROM Account").status_code for _ in range(calls)]


def test_a_status_hits_the_named_calls_of_its_family_only(org: ServedOrg) -> None:
    org.fail("status", "salesforce.query", at=[2, 3], status=503)

    assert org.get("/limits").status_code == 200
    assert statuses(org, 4) == [200, 503, 503, 200]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "INVALID_SESSION_ID"), (403, "REQUEST_LIMIT_EXCEEDED"), (503, "SERVER_UNAVAILABLE")]
)
def test_a_status_comes_with_the_service_s_body(org: ServedOrg, status: int, code: str) -> None:
    org.fail("status", "salesforce.*", status=status)

    reply = org.get("/limits")

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)


def test_a_rate_draws_the_same_calls_from_the_same_seed(org: ServedOrg) -> None:
    def draw(seed: int) -> list[bool]:
        board = FaultBoard()
        board.add([Fault("status", "salesforce.query", rate=0.3, seed=seed)])
        return [board.draw("salesforce.query") is not None for _ in range(400)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert 80 < sum(draw(1)) < 160


def test_a_fault_stops_after_its_times(org: ServedOrg) -> None:
    org.fail("status", "salesforce.query", times=1)

    assert statuses(org, 2) == [503, 200]


def test_a_dead_session_stays_dead_until_the_next_login(org: ServedOrg) -> None:
    org.fail("expire_session", "salesforce.query", at=1)

    assert statuses(org, 2) == [401, 401]
    org.log_in()
    assert statuses(org, 1) == [200]


def test_the_daily_limit_is_a_403(org: ServedOrg) -> None:
    org.fail("daily_limit", "salesforce.query", at=1)

    reply = org.query("SELECT Id FROM Account")

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_a_reset_ends_the_connection_without_an_answer(org: ServedOrg) -> None:
    org.fail("reset", "salesforce.query", at=1)

    with pytest.raises(requests.ConnectionError, match=r"reset|aborted"):
        org.query("SELECT Id FROM Account")
    assert statuses(org, 1) == [200]


def test_a_cut_connection_delivers_less_than_it_announced(org: ServedOrg) -> None:
    org.fail("truncate", "salesforce.query", at=1, keep=0.5)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        org.query(SOQL)
    assert statuses(org, 1) == [200]


def test_a_cut_body_looks_complete_and_is_half_of_the_json(org: ServedOrg) -> None:
    whole = org.query(SOQL).content
    org.fail("truncate", "salesforce.query", at=1, cut="body", keep=0.5)

    reply = org.query(SOQL)

    assert reply.content == whole[: len(whole) // 2]


def test_csv_can_be_cut_at_a_row_so_that_only_the_count_tells(org: ServedOrg) -> None:
    job = "/jobs/query/" + org.post("/jobs/query", {"operation": "query", "query": SOQL}).json()["id"]
    org.get(job)
    org.fail("truncate", "salesforce.bulk_results", cut="rows", keep=0.5)

    reply = org.get(f"{job}/results")

    assert reply.headers["Sforce-NumberOfRecords"] == "1000"
    assert reply.content.endswith(b'"\n')
    assert 400 < reply.content.count(b"\n") < 600


def test_a_slow_answer_comes_whole(org: ServedOrg) -> None:
    org.fail("slow", "salesforce.query", at=1, seconds=0.2)

    with pytest.raises(requests.ReadTimeout):
        org.session.get(f"{org.url}/services/data/v62.0/query", params={"q": SOQL}, timeout=0.05)
    assert statuses(org, 1) == [200]


def test_faults_are_set_read_and_cleared_over_the_wire(org: ServedOrg) -> None:
    set_ = org.post("/__sandbox__/faults", {"faults": [{"kind": "status", "family": "salesforce.query", "at": [1]}]})
    refused = org.post("/__sandbox__/faults", {"faults": [{"kind": "gremlin"}]})
    misspelt = org.post("/__sandbox__/faults", {"faults": [{"kind": "status", "familly": "x"}]})
    hit = statuses(org, 1)
    seen = org.get("/__sandbox__/faults").json()
    cleared = org.send("DELETE", "/__sandbox__/faults").json()

    assert (set_.status_code, refused.status_code, misspelt.status_code) == (200, 400, 400)
    assert (hit, cleared) == ([503], [])
    assert seen == [{"kind": "status", "family": "salesforce.query", "calls": 1, "fired": 1}]


def test_small_answers_stay_plain_and_large_ones_are_compressed_only_when_asked(org: ServedOrg) -> None:
    plain = org.session.get(
        f"{org.url}/services/data/v62.0/query", params={"q": SOQL}, headers={"Accept-Encoding": "identity"}, timeout=10
    )
    packed = org.session.get(f"{org.url}/services/data/v62.0/query", params={"q": SOQL}, timeout=10, stream=True)

    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.raw.read(decode_content=False)) == plain.content
    assert "Content-Encoding" not in org.query("SELECT COUNT() FROM Account").headers


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_FIELD", 400),
        ("INVALID_TYPE", 400),
        ("OPERATION_TOO_LARGE", 400),
        ("QUERY_TIMEOUT", 400),
        ("QUERY_TOO_COMPLICATED", 400),
        ("EXCEEDED_ID_LIMIT", 400),
        ("TXN_SECURITY_METERING_ERROR", 403),
    ],
)
def test_a_refusal_has_the_code_s_own_status(org: ServedOrg, code: str, status: int) -> None:
    org.fail("refuse", "salesforce.query", at=1, code=code)

    reply = org.query("SELECT Id FROM Account")

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)


def test_a_fault_of_one_object_hits_its_calls_alone_wherever_they_are_made(org: ServedOrg) -> None:
    org.fail("refuse", "salesforce.query", object_name="Account", code="QUERY_TIMEOUT")
    part = {"method": "GET", "url": "/services/data/v62.0/query?q=SELECT+Id+FROM+{}"}
    parts = [{**part, "url": part["url"].format(name), "referenceId": name} for name in ("Account", "User")]

    direct = [org.query(f"SELECT Id FROM {name}").status_code for name in ("User", "Account")]
    composite = org.post("/composite", {"compositeRequest": parts}).json()["compositeResponse"]

    assert direct == [200, 400]
    assert [one["httpStatusCode"] for one in composite] == [400, 200]


def test_a_gateway_s_page_comes_instead_of_json(org: ServedOrg) -> None:
    org.fail("status", "salesforce.query", at=1, status=502, body="<html>Bad gateway</html>")

    reply = org.query("SELECT Id FROM Account")

    assert (reply.status_code, reply.text) == (502, "<html>Bad gateway</html>")
    assert reply.headers["Content-Type"].startswith("text/html")


def test_the_concurrent_limit_is_another_403(org: ServedOrg) -> None:
    org.fail("concurrent_limit", "salesforce.query", at=1)

    assert org.query("SELECT Id FROM Account").json()[0]["message"].startswith("ConcurrentPerOrgLongTxn")


def test_a_spent_day_refuses_everything_until_the_next(own_org: ServedOrg) -> None:
    used = int(own_org.query("SELECT Id FROM Account").headers["Sforce-Limit-Info"].partition("=")[2].partition("/")[0])
    own_org.post("/__sandbox__/faults", {"limits": {"daily_calls": used + 1}})

    assert statuses(own_org, 3) == [200, 403, 403]
    assert own_org.query("SELECT Id FROM Account").headers["Sforce-Limit-Info"] == f"api-usage={used + 1}/{used + 1}"
    own_org.post("/__sandbox__/tick", {})
    assert statuses(own_org, 1) == [200]


@pytest.mark.parametrize(
    ("limit", "path", "query", "code"),
    [
        ("query_rows", "/query", {"q": "SELECT Id FROM Task"}, "QUERY_TIMEOUT"),
        ("activity_rows", "/query", {"q": "SELECT Id FROM Task"}, "OPERATION_TOO_LARGE"),
        (
            "formula_fields",
            "/query",
            {"q": "SELECT IsWon, IsClosed, PushCount FROM Opportunity"},
            "QUERY_TOO_COMPLICATED",
        ),
        (
            "deleted_ids",
            "/sobjects/Opportunity/deleted",
            {"start": "2026-03-10T00:00:00Z", "end": "2026-03-16T00:00:00Z"},
            "EXCEEDED_ID_LIMIT",
        ),
    ],
)
def test_a_lowered_limit_is_refused_until_the_request_is_smaller(
    org: ServedOrg, limit: str, path: str, query: dict[str, str], code: str
) -> None:
    org.post("/__sandbox__/faults", {"limits": {limit: 2}})

    reply = org.get(path, **query)

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)
    org.send("DELETE", "/__sandbox__/faults")
    assert org.get(path, **query).status_code == 200


def test_a_cursor_expires_for_good(org: ServedOrg) -> None:
    following = org.query("SELECT Id FROM Task").json()["nextRecordsUrl"]
    org.fail("locator_expired", "salesforce.query_more", at=1)

    answers = [org.get(following) for _ in range(2)]

    assert [reply.json()[0]["errorCode"] for reply in answers] == ["INVALID_QUERY_LOCATOR"] * 2


@pytest.mark.parametrize(
    ("kind", "state"), [("job_failed", "Failed"), ("job_aborted", "Aborted"), ("job_stuck", "InProgress")]
)
def test_a_job_ends_badly_or_not_at_all(org: ServedOrg, kind: str, state: str) -> None:
    org.fail(kind, "salesforce.bulk_create", object_name="Task", at=1)
    job = "/jobs/query/" + org.post("/jobs/query", {"operation": "query", "query": SOQL}).json()["id"]

    assert [org.get(job).json()["state"] for _ in range(3)] == [state] * 3
    assert org.get(f"{job}/results").status_code == 400


def test_a_job_announces_a_row_too_many(org: ServedOrg) -> None:
    org.fail("wrong_count", "salesforce.bulk_create", at=1)
    job = "/jobs/query/" + org.post("/jobs/query", {"operation": "query", "query": SOQL}).json()["id"]

    assert org.get(job).json()["numberRecordsProcessed"] == 1001
    assert org.get(f"{job}/results").text.count("\n") == 1001  # the header and 1000 rows


def test_a_page_loses_rows_and_its_header_agrees(org: ServedOrg) -> None:
    job = "/jobs/query/" + org.post("/jobs/query", {"operation": "query", "query": SOQL}).json()["id"]
    org.get(job)
    org.fail("lose_rows", "salesforce.bulk_results", object_name="Task", at=1, keep=0.9)

    pages = [org.get(f"{job}/results") for _ in range(2)]

    assert [page.headers["Sforce-NumberOfRecords"] for page in pages] == ["900", "1000"]
    assert [page.text.count("\n") for page in pages] == [901, 1001]
    assert org.get(job).json()["numberRecordsProcessed"] == 1000


@pytest.mark.parametrize(("code", "dirt"), [("nul", b"\\u0000"), ("utf8", b"\xff\xfe")])
def test_dirty_text_stands_behind_its_mark(org: ServedOrg, code: str, dirt: bytes) -> None:
    org.fail("dirty_text", "salesforce.query", at=1, code=code, mark="Call 7")

    assert b'"Call 7' + dirt + b'"' in org.query("SELECT Subject FROM Task WHERE Subject = 'Call 7'").content


def test_a_cut_compressed_stream_ends_early(org: ServedOrg) -> None:
    org.fail("truncate", "salesforce.query", at=1, cut="gzip", keep=0.5)

    raw = org.session.get(f"{org.url}/services/data/v62.0/query", params={"q": SOQL}, timeout=10, stream=True).raw.read(
        decode_content=False
    )

    with pytest.raises(EOFError):
        gzip.decompress(raw)


def test_a_skewed_clock_is_in_the_date_header_alone(org: ServedOrg) -> None:
    org.post("/__sandbox__/faults", {"clock_skew": 3600})

    assert org.get("/limits").headers["Date"] == "Tue, 17 Mar 2026 03:00:00 GMT"
    org.send("DELETE", "/__sandbox__/faults")
    assert org.get("/limits").headers["Date"] == "Tue, 17 Mar 2026 02:00:00 GMT"


def test_the_log_shows_what_was_asked(org: ServedOrg) -> None:
    org.fail("status", "salesforce.query", at=2)
    statuses(org, 2)
    org.post("/jobs/query", {"operation": "query", "query": SOQL})

    queries = org.get("/__stats__/requests", family="salesforce.query").json()
    jobs = org.get("/__stats__/requests", family="salesforce.bulk*", last="1").json()

    assert [entry["target"] for entry in queries] == ["/services/data/v62.0/query?q=SELECT Id FROM Account"] * 2
    assert [(entry["status"], entry["fault"]) for entry in queries] == [(200, None), (503, "status")]
    assert SOQL in jobs[0]["body"]
