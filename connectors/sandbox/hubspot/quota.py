"""Rate limits of a private app: headers on every answer, and refusals by policy where a test asks for them.

Off by default, because limits run on the wall clock and a demo should not wait; the headers then say how little is
limited. A `rate_limits` fault on a family enforces the limits of a Professional portal on the calls that it draws.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.sandbox.hubspot.replies import Refusal, next_correlation_id

TEN_SECONDS = 10.0


@dataclass(frozen=True)
class Limits:
    """Calls per ten seconds and per day of a portal, and searches per second."""

    ten_secondly: int
    daily: int
    searches_per_second: int

    @property
    def secondly(self) -> int:
        """What the Secondly header says: a tenth of the rolling limit."""
        return self.ten_secondly // 10


PROFESSIONAL = Limits(190, 650_000, 5)  # HubSpot usage guidelines, private apps
UNLIMITED = Limits(100_000, 10_000_000, 10_000)  # what the sandbox grants while nothing is enforced


@dataclass
class Quota:
    """Counts calls of one portal. Thread safe. `now` is a monotonic clock in seconds."""

    now: Callable[[], float] = time.monotonic
    enforced: Limits = PROFESSIONAL
    used_today: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _searches: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, *, is_search: bool, is_enforced: bool) -> dict[str, str]:
        """Count one call and return its rate-limit headers; Refusal 429 if `is_enforced` and a limit is reached."""
        with self._lock:
            moment = self.now()
            _drop_before(self._recent, moment - TEN_SECONDS)
            _drop_before(self._searches, moment - 1.0)
            limits = self.enforced if is_enforced else UNLIMITED
            policy = self._exceeded(limits, is_search) if is_enforced else None
            if policy is None:
                self.used_today += 1
                self._recent.append(moment)
                if is_search:
                    self._searches.append(moment)
            headers = self._headers(limits, moment, is_search)
        if policy is not None:
            raise rate_limited(policy)
        return headers

    def start_new_day(self) -> None:
        """Forget the day's calls: midnight in the portal's time zone."""
        with self._lock:
            self.used_today = 0

    def _exceeded(self, limits: Limits, is_search: bool) -> str | None:
        if self.used_today >= limits.daily:
            return "DAILY"
        if is_search and len(self._searches) >= limits.searches_per_second:
            return "SECONDLY"
        return "TEN_SECONDLY_ROLLING" if len(self._recent) >= limits.ten_secondly else None

    def _headers(self, limits: Limits, moment: float, is_search: bool) -> dict[str, str]:
        headers = {
            "X-HubSpot-RateLimit-Daily": str(limits.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(limits.daily - self.used_today, 0)),
        }
        if is_search:
            return headers  # search answers do not say how the rolling limit stands
        last_second = sum(1 for called in self._recent if called > moment - 1.0) if limits is self.enforced else 0
        return headers | {
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(limits.ten_secondly),
            "X-HubSpot-RateLimit-Remaining": str(max(limits.ten_secondly - len(self._recent), 0)),
            "X-HubSpot-RateLimit-Secondly": str(limits.secondly),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(limits.secondly - last_second, 0)),
        }


def without_meter(headers: dict[str, str]) -> dict[str, str]:
    """The headers of an answer that does not tell how the daily limit stands."""
    return {name: value for name, value in headers.items() if "-Daily" not in name}


def rate_limited(policy: str) -> Refusal:
    """The 429 of a policy: DAILY, TEN_SECONDLY_ROLLING or SECONDLY."""
    return Refusal(
        429,
        "RATE_LIMITS",
        f"You have reached your {policy.lower()} limit.",
        errorType="RATE_LIMIT",
        policyName=policy,
        requestId=next_correlation_id(),
    )


def _drop_before(moments: deque[float], limit: float) -> None:
    while moments and moments[0] <= limit:
        moments.popleft()
