"""How fast, how many at once, and how many in all: what every request passes before it is sent."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import BudgetError

SLOWER_AFTER_REFUSAL = 0.5  # a 429 halves a lane's rate
FASTER_AFTER_CALM = 1.05  # ten seconds without one give five percent back
CALM_SECONDS = 10.0
SLOWEST_SHARE = 0.05  # of the lane's own rate; below that a run is better paused


@dataclass(frozen=True)
class Pace:
    """A lane's limits: calls per second on average, how many may start at once, how many may run at the same time.

    `per_second` None means that the CRM sets no such limit.
    """

    per_second: float | None = None
    burst: int = 1
    concurrent: int = 8


@dataclass(frozen=True)
class LimitReading:
    """What the CRM said about its daily limit in a reply: calls used by everybody, and the most there are."""

    used: int
    maximum: int
    resets_at: datetime | None = None


class TokenBucket:
    """Lets calls start at a mean rate, with short bursts. Safe to share between threads."""

    def __init__(
        self, pace: Pace, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._rate = pace.per_second
        self._tokens = float(pace.burst)
        self._filled_at = self._calm_since = clock()

    @property
    def per_second(self) -> float | None:
        """The rate at this moment, after refusals and calm times."""
        return self._rate

    def take(self) -> float:
        """Wait until a call may start; the seconds waited."""
        with self._lock:
            if self._rate is None or self._pace.per_second is None:
                return 0.0
            now = self._clock()
            if now - self._calm_since >= CALM_SECONDS:
                self._rate = min(self._pace.per_second, self._rate * FASTER_AFTER_CALM)
                self._calm_since = now
            self._tokens = min(float(self._pace.burst), self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            # a debt is allowed: each waiting thread has its own place in the queue
            self._tokens -= 1
            wait = max(0.0, -self._tokens / self._rate)
        if wait:
            self._sleep(wait)
        return wait

    def slow_down(self) -> None:
        """The CRM refused a call for its rate: halve ours."""
        with self._lock:
            if self._rate is not None and self._pace.per_second is not None:
                self._rate = max(self._pace.per_second * SLOWEST_SHARE, self._rate * SLOWER_AFTER_REFUSAL)
                self._calm_since = self._clock()

    def follow(self, per_second: float) -> None:
        """The CRM named its limit: never be faster than that."""
        with self._lock:
            if self._rate is not None and per_second > 0:
                self._pace = Pace(per_second, self._pace.burst, self._pace.concurrent)
                self._rate = min(self._rate, per_second)


class Pacing:
    """Lanes with their own limits, one count of calls by API family, and one budget over all.

    `lanes` maps an API family to its pace; families without one share `default`. `run_cap` is the most calls this
    run may make; `reserve` is the share of the CRM's daily limit that is left to others.
    """

    def __init__(
        self,
        lanes: Mapping[str, Pace] | None = None,
        *,
        default: Pace | None = None,
        run_cap: int | None = None,
        reserve: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.run_cap = run_cap
        self.reserve = reserve
        self.limit: LimitReading | None = None
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        paces = {"": default or Pace(), **(lanes or {})}
        self._buckets = {name: TokenBucket(pace, clock=clock, sleep=sleep) for name, pace in paces.items()}
        self._slots = {name: threading.BoundedSemaphore(pace.concurrent) for name, pace in paces.items()}

    @property
    def calls(self) -> Counter[str]:
        """Calls sent so far by API family, each retry counted; a copy."""
        with self._lock:
            return Counter(self._calls)

    @property
    def remaining(self) -> int | None:
        """Calls this run may still make; None if nothing limits it."""
        with self._lock:
            return self._remaining()

    @contextmanager
    def turn(self, family: str) -> Iterator[None]:
        """Wait for a call's turn, count it, and hold its slot while the block runs.

        Raises:
            BudgetError: the run's cap or the CRM's daily limit less the reserve is spent; nothing is sent.
        """
        lane = family if family in self._slots else ""
        with self._slots[lane]:
            self._spend(family)
            self._buckets[lane].take()
            yield

    def refused(self, family: str) -> None:
        """The CRM answered 429."""
        self._bucket(family).slow_down()

    def follow(self, family: str, per_second: float) -> None:
        """The CRM said how many calls a second this family may make."""
        self._bucket(family).follow(per_second)

    def note_limit(self, reading: LimitReading) -> None:
        """The CRM said how much of its daily limit is used."""
        with self._lock:
            self.limit = reading

    def _bucket(self, family: str) -> TokenBucket:
        return self._buckets.get(family, self._buckets[""])

    def _remaining(self) -> int | None:
        budgets = []
        if self.run_cap is not None:
            budgets.append(self.run_cap - sum(self._calls.values()))
        if self.limit is not None:
            budgets.append(int(self.limit.maximum * (1 - self.reserve)) - self.limit.used)
        return min(budgets) if budgets else None

    def _spend(self, family: str) -> None:
        with self._lock:
            remaining = self._remaining()
            if remaining is not None and remaining <= 0:
                made = sum(self._calls.values())
                if self.run_cap is not None and made >= self.run_cap:
                    raise BudgetError(
                        f"This run's cap of {self.run_cap} API calls is reached. What is landed is kept and the next "
                        "run goes on from there; raise the cap if it should go further."
                    )
                limit = self.limit or LimitReading(0, 0)
                raise BudgetError(
                    f"{limit.used} of the CRM's {limit.maximum} API calls are used, and {self.reserve:.0%} are left to "
                    "others. What is landed is kept; run again when the limit has moved on.",
                    resume_at=limit.resets_at,
                )
            self._calls[family] += 1
