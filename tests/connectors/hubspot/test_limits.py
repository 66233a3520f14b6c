"""What HubSpot's headers and refusals make of our pace, and what they tell the caller."""

from datetime import UTC, datetime

import orjson
import pytest
from requests.structures import CaseInsensitiveDict

from connectors.errors import AuthenticationError, BudgetError, NoAccessError, PausedError, TransientError
from connectors.hubspot.client import open_client
from connectors.hubspot.limits import SEARCH, Limits, new_pacing
from connectors.reply import Refusal
from connectors.secret import Secret

DATE = {"Date": "Tue, 17 Mar 2026 02:00:00 GMT"}
PROFESSIONAL = {"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}


class Waits(list[float]):
    """A clock that stands still but for what is slept."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)


def refusal(status: int, body: object = None, **headers: str) -> Refusal:
    content = orjson.dumps(body) if body is not None else b"<html>"
    return Refusal("POST", "/crm/v3/objects/deals/search", status, CaseInsensitiveDict({**DATE, **headers}), content)


@pytest.fixture
def limits() -> Limits:
    made = Limits(new_pacing(run_cap=None, searches_per_second=None))
    made.time_zone = "America/New_York"
    return made


def pace_after(headers: dict[str, str], calls: int) -> float:
    """Calls per second once these headers were seen."""
    waits = Waits()
    pacing = new_pacing(run_cap=None, searches_per_second=None, sleep=waits.sleep)
    Limits(pacing).note("list", 200, headers)
    for _ in range(calls):
        with pacing.turn("list"):
            pass
    return 1 / (waits[-1] - waits[-2])


@pytest.mark.parametrize(("headers", "per_second"), [(PROFESSIONAL, 17.1), ({}, 9.0)])
def test_the_general_pace_is_the_portals_limit_less_a_tenth_or_the_smallest_plans(
    headers: dict[str, str], per_second: float
) -> None:
    assert pace_after(headers, 40) == pytest.approx(per_second, rel=0.01)


def test_searches_have_a_pace_of_their_own() -> None:
    waits = Waits()
    pacing = new_pacing(run_cap=None, searches_per_second=4.0, sleep=waits.sleep)

    for _ in range(9):
        with pacing.turn(SEARCH):
            pass

    assert waits[-1] == pytest.approx(8 / 4.0, abs=0.05)


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [
        ("SECONDLY", {}, 1.0),
        ("TEN_SECONDLY_ROLLING", {}, 10.0),
        ("TEN_SECONDLY_ROLLING", {"X-HubSpot-RateLimit-Interval-Milliseconds": "5000"}, 5.0),
    ],
)
def test_a_rate_limit_is_waited_for_as_long_as_its_policy_lasts(
    limits: Limits, policy: str, headers: dict[str, str], seconds: float
) -> None:
    error = limits.classify(refusal(429, {"policyName": policy}, **headers))

    assert isinstance(error, TransientError)
    assert not isinstance(error, PausedError)
    assert error.retry_after == seconds


def test_the_daily_limit_ends_at_midnight_where_the_portal_is(limits: Limits) -> None:
    error = limits.classify(refusal(429, {"policyName": "DAILY"}))

    assert isinstance(error, PausedError)
    assert error.resume_at == datetime(2026, 3, 17, 4, tzinfo=UTC)  # 02:00 UTC is the evening before in New York


def test_a_fifth_of_the_days_calls_is_left_to_others() -> None:
    pacing = new_pacing(run_cap=None, searches_per_second=None)
    limits = Limits(pacing)
    limits.time_zone = "UTC"
    daily = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "200"}
    limits.note("search", 200, CaseInsensitiveDict({**DATE, **daily}))

    with pytest.raises(BudgetError, match="800 of the CRM's 1000") as raised, pacing.turn("list"):
        pass

    assert raised.value.resume_at == datetime(2026, 3, 18, tzinfo=UTC)


def test_a_missing_scope_is_named_with_what_to_do(limits: Limits) -> None:
    body = {
        "category": "MISSING_SCOPES",
        "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
    }

    error = limits.classify(refusal(403, body))

    assert isinstance(error, NoAccessError)
    assert "(HTTP 403, MISSING_SCOPES). Add crm.objects.deals.read to the private app's scopes." in str(error)


@pytest.mark.parametrize("status", [401, 530])
def test_a_refused_token_is_the_users_to_mend(limits: Limits, status: int) -> None:
    error = limits.classify(refusal(status, {"message": "pat-na1-secret expired"}))

    assert isinstance(error, AuthenticationError)
    assert "HUBSPOT_ACCESS_TOKEN" in str(error)
    assert "secret" not in str(error)


def test_a_portal_on_the_move_says_when_to_come_back(limits: Limits) -> None:
    error = limits.classify(refusal(477, None, **{"Retry-After": "3600"}))

    assert isinstance(error, PausedError)
    assert error.resume_at == datetime(2026, 3, 17, 3, tzinfo=UTC)


def test_only_a_host_elsewhere_has_the_documented_search_limit() -> None:
    def wait_for_searches(host: str | None) -> float:
        waits = Waits()
        client = open_client(Secret("pat"), host=host, sleep=waits.sleep)
        for _ in range(5):
            with client.transport.pacing.turn(SEARCH):
                pass
        return sum(waits)

    assert wait_for_searches("http://127.0.0.1:1") == 0
    assert wait_for_searches(None) > 2
