"""Faults that only HubSpot has."""

import json

import pytest

from tests.connectors.sandbox.hubspot.conftest import ServedPortal, edit
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL, LIVE_DEALS

DEALS = "/crm/v3/objects/deals"
IDS = [str(FIRST_DEAL + n) for n in range(20)]
READ = {"inputs": [{"id": key} for key in IDS]}


def test_a_partial_answer_names_the_inputs_that_failed(portal: ServedPortal) -> None:
    portal.fail("partial", "hubspot.batch_read", at=[1], rate=0, keep=0.7)

    partial, whole = (portal.post(f"{DEALS}/batch/read", READ) for _ in range(2))

    body = partial.json()
    failed = [key for error in body["errors"] for key in error["context"]["ids"]]
    assert (partial.status_code, whole.status_code, body["numErrors"]) == (207, 200, 1)
    assert 0 < len(failed) < 20
    assert sorted([*failed, *(deal["id"] for deal in body["results"])]) == IDS
    assert len(whole.json()["results"]) == 20


def test_which_inputs_fail_depends_on_the_seed_alone(portal: ServedPortal) -> None:
    answers = []
    for seed in (1, 1, 2):
        portal.state.faults.clear()
        portal.fail("partial", "hubspot.batch_read", seed=seed)
        answers.append([deal["id"] for deal in portal.post(f"{DEALS}/batch/read", READ).json()["results"]])

    assert answers[0] == answers[1] != answers[2]


@pytest.mark.parametrize("path", [f"{DEALS}/batch/read", "/crm/v4/associations/deals/contacts/batch/read"])
def test_one_bad_id_spoils_its_whole_batch(portal: ServedPortal, path: str) -> None:
    portal.fail("bad_id", "hubspot.*", code=IDS[7])

    whole = portal.post(path, READ)
    halves = [portal.post(path, {"inputs": READ["inputs"][part]}) for part in (slice(0, 7), slice(8, 20))]

    assert (whole.status_code, whole.json()["category"]) == (400, "VALIDATION_ERROR")
    assert all(half.status_code in (200, 207) for half in halves)


def test_links_fail_in_part_too(portal: ServedPortal) -> None:
    portal.fail("partial", "hubspot.associations", keep=0.0)

    reply = portal.post("/crm/v4/associations/deals/contacts/batch/read", READ)

    assert (reply.status_code, reply.json()["results"]) == (207, [])
    assert reply.json()["errors"][0]["context"]["fromObjectId"] == IDS


@pytest.mark.parametrize(("code", "dirt"), [("nul", b"\\u0000"), ("utf8", b"\xff\xfe"), ("surrogate", b"\\ud83d")])
def test_text_can_be_dirty(portal: ServedPortal, code: str, dirt: bytes) -> None:
    portal.fail("dirty_text", "hubspot.list", code=code)

    body = portal.get(DEALS, limit=2, properties="dealname").content

    assert body.count(b'"dealname":"' + dirt) == 2
    assert len(json.loads(body.decode(errors="replace"))["results"]) == 2


def test_an_answer_can_end_in_the_middle_of_its_json(portal: ServedPortal) -> None:
    portal.fail("truncate", "hubspot.list", cut="body", keep=0.6)

    with pytest.raises(json.JSONDecodeError):
        json.loads(portal.get(DEALS).content)


def test_a_bad_token_text_can_be_refused_by_the_edge(portal: ServedPortal) -> None:
    portal.fail("status", "hubspot.list", status=530)

    reply = portal.get(DEALS)

    assert (reply.status_code, reply.headers["Content-Type"]) == (530, "text/html")


def test_the_account_can_be_another_one(portal: ServedPortal) -> None:
    portal.fail("portal_changed", "hubspot.details")

    assert portal.get("/account-info/v3/details").json()["portalId"] == 424243


def test_a_version_can_be_missing(portal: ServedPortal) -> None:
    portal.fail("no_version", "hubspot.*")
    dated, versioned = portal.get("/crm/objects/2026-03/deals"), portal.get(DEALS)
    portal.state.faults.clear()
    portal.fail("no_version", "hubspot.*", code="v4")

    links = portal.post("/crm/v4/associations/deals/contacts/batch/read", READ)

    assert (dated.status_code, versioned.status_code, links.status_code) == (404, 200, 404)
    assert portal.get("/crm/objects/2026-03/deals").status_code == 200


def test_search_can_answer_out_of_order_without_losing_a_record(portal: ServedPortal) -> None:
    portal.fail("unordered", "hubspot.search", seconds=120.0)
    page = {"limit": 100, "sorts": ["hs_lastmodifieddate"]}

    pages = [portal.post(f"{DEALS}/search", {**page, "after": after}).json()["results"] for after in (0, 100, 200)]

    found = [deal["id"] for results in pages for deal in results]
    stamps = [deal["updatedAt"] for results in pages for deal in results]
    assert len(found) == len(set(found)) == LIVE_DEALS
    assert stamps != sorted(stamps)


def test_search_can_answer_records_that_left_the_window(portal: ServedPortal) -> None:
    portal.fail("outside_window", "hubspot.search", seconds=86_400.0)
    bound = "2026-03-14T12:00:00.000Z"
    before = {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": bound}

    found = portal.post(f"{DEALS}/search", {"filterGroups": [{"filters": [before]}], "limit": 200}).json()

    assert 0 < found["total"] < LIVE_DEALS
    assert all(deal["updatedAt"] > bound for deal in found["results"])


def test_two_switches_can_be_due_at_one_call(portal: ServedPortal) -> None:
    portal.fail("index_lag", "hubspot.search", seconds=86_400 * 3)
    portal.fail("status", "hubspot.search", status=503, at=[2], rate=0)

    statuses = [portal.post(f"{DEALS}/search", {}) for _ in range(3)]

    assert [reply.status_code for reply in statuses] == [200, 503, 200]
    assert [reply.json().get("total") for reply in statuses] == [0, None, 0]


def test_the_daily_limit_holds_until_midnight_where_the_portal_is(own_portal: ServedPortal) -> None:
    edit(own_portal, "set_account", daily=3)
    own_portal.fail("rate_limits", "hubspot.*")

    replies = [own_portal.get(DEALS) for _ in range(4)]
    own_portal.session.post(f"{own_portal.url}/__sandbox__/tick", timeout=10)

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[-1].json()["policyName"] == "DAILY"
    assert own_portal.get(DEALS).status_code == 200
