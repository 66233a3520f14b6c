"""Refusals: credentials, rate limits by policy, and what the edge network sends."""

import pytest

from connectors.sandbox.hubspot.quota import Limits, Quota
from connectors.sandbox.hubspot.replies import Refusal
from tests.connectors.sandbox.hubspot.conftest import ServedPortal

DEALS = "/crm/v3/objects/deals"
GENERAL = ("Max", "Remaining", "Interval-Milliseconds", "Secondly", "Secondly-Remaining")


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic pat-sandbox-0000", "pat-sandbox-0000"])
def test_a_call_without_a_known_token_is_refused_in_hubspots_words(portal: ServedPortal, header: str) -> None:
    portal.session.headers["Authorization"] = header

    reply = portal.get(DEALS)

    assert reply.status_code == 401
    assert reply.json()["category"] == "INVALID_AUTHENTICATION"
    assert reply.json()["message"].startswith("Authentication credentials not found.")
    assert reply.json()["correlationId"] == reply.headers["X-HubSpot-Correlation-Id"]


def test_every_answer_carries_rate_limits_and_search_answers_fewer(portal: ServedPortal) -> None:
    listed, found = portal.get(DEALS), portal.post(f"{DEALS}/search", {})

    assert [f"X-HubSpot-RateLimit-{name}" in listed.headers for name in ("Daily", "Daily-Remaining", *GENERAL)] == [
        True
    ] * 7
    assert [f"X-HubSpot-RateLimit-{name}" in found.headers for name in GENERAL] == [False] * 5
    assert int(found.headers["X-HubSpot-RateLimit-Daily-Remaining"]) == (
        int(listed.headers["X-HubSpot-RateLimit-Daily-Remaining"]) - 1
    )


def test_enforced_limits_refuse_the_sixth_search_of_a_second(portal: ServedPortal) -> None:
    portal.fail("rate_limits", "hubspot.search")

    replies = [portal.post(f"{DEALS}/search", {"limit": 1}) for _ in range(6)]
    portal.timer[0] += 1.0
    later = portal.post(f"{DEALS}/search", {"limit": 1})

    assert [reply.status_code for reply in [*replies, later]] == [200] * 5 + [429, 200]
    assert replies[-1].json()["policyName"] == "SECONDLY"
    assert replies[-1].json()["message"] == "You have reached your secondly limit."


def test_the_rolling_limit_frees_calls_after_ten_seconds() -> None:
    seconds = [0.0]
    quota = Quota(now=lambda: seconds[0], enforced=Limits(ten_secondly=3, daily=100, searches_per_second=5))
    for _ in range(3):
        headers = quota.spend(is_search=False, is_enforced=True)

    assert headers["X-HubSpot-RateLimit-Max"] == "3"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "0"
    with pytest.raises(Refusal, match="ten_secondly_rolling"):
        quota.spend(is_search=False, is_enforced=True)
    seconds[0] = 10.0
    assert quota.spend(is_search=False, is_enforced=True)["X-HubSpot-RateLimit-Remaining"] == "2"


def test_the_daily_limit_holds_until_a_new_day() -> None:
    quota = Quota(now=lambda: 0.0, enforced=Limits(ten_secondly=100, daily=2, searches_per_second=5))
    for _ in range(2):
        quota.spend(is_search=False, is_enforced=True)

    with pytest.raises(Refusal, match="daily"):
        quota.spend(is_search=False, is_enforced=True)
    quota.start_new_day()
    assert quota.spend(is_search=False, is_enforced=True)["X-HubSpot-RateLimit-Daily-Remaining"] == "1"


@pytest.mark.parametrize(
    ("kind", "options", "policy"),
    [
        ("status", {"status": 429}, "TEN_SECONDLY_ROLLING"),
        ("status", {"status": 429, "code": "DAILY"}, "DAILY"),
        ("daily_limit", {}, "DAILY"),
    ],
)
def test_a_rate_limited_call_names_its_policy(
    portal: ServedPortal, kind: str, options: dict[str, object], policy: str
) -> None:
    portal.fail(kind, "hubspot.list", **options)

    reply = portal.get(DEALS)

    assert reply.status_code == 429
    assert {key: reply.json()[key] for key in ("status", "errorType", "category", "policyName")} == {
        "status": "error",
        "errorType": "RATE_LIMIT",
        "category": "RATE_LIMITS",
        "policyName": policy,
    }


@pytest.mark.parametrize(("status", "is_json"), [(500, True), (503, True), (502, False), (504, False), (524, False)])
def test_failures_come_from_the_api_or_from_the_edge_before_it(
    portal: ServedPortal, status: int, is_json: bool
) -> None:
    portal.fail("status", "hubspot.*", status=status)

    reply = portal.get(DEALS)

    assert reply.status_code == status
    assert reply.headers["Content-Type"].startswith("application/json" if is_json else "text/html")


def test_an_expired_token_and_a_missing_scope_read_differently(portal: ServedPortal) -> None:
    portal.fail("status", "hubspot.list", status=401, at=[1], rate=0)
    portal.fail("status", "hubspot.list", status=403, code="crm.objects.deals.read", at=[2], rate=0)

    expired, forbidden, served = (portal.get(DEALS) for _ in range(3))

    assert expired.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert forbidden.json()["category"] == "MISSING_SCOPES"
    assert served.status_code == 200


def test_unknown_objects_ids_and_bodies_are_refused_with_a_reason(portal: ServedPortal) -> None:
    cases = [
        (portal.get("/crm/v3/objects/unicorns"), 400, "Unable to infer object type from: unicorns"),
        (portal.get(f"{DEALS}/4711"), 404, "resource not found"),
        (portal.get(f"{DEALS}/abc"), 404, "Object not found.  objectId are usually numeric."),
        (portal.get(f"{DEALS}/1", idProperty="dealname"), 400, "unique"),
        (portal.post(f"{DEALS}/batch/read", {"ids": ["1"]}), 400, "inputs"),
        (portal.post(f"{DEALS}/batch/read", {"inputs": ["1"]}), 400, "inputs"),
        (portal.post(f"{DEALS}/batch/read", {"inputs": [], "properties": [1]}), 400, "properties"),
        (portal.post(f"{DEALS}/search", []), 400, "object"),
        (portal.post("/crm/v4/associations/deals/contacts/batch/read", {}), 400, "inputs"),
    ]

    assert [(reply.status_code, text in reply.json()["message"]) for reply, _, text in cases] == [
        (status, True) for _, status, _ in cases
    ]


def test_calls_are_counted_by_endpoint_family(portal: ServedPortal) -> None:
    portal.get(DEALS)
    portal.get("/crm/objects/2026-03/contacts")
    portal.post(f"{DEALS}/search", {})

    assert portal.state.stats.report()["calls"] == {"hubspot.list": 2, "hubspot.search": 1}
