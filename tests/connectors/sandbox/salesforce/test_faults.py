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
