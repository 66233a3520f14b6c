"""How fast, how many at once, and how many in all: what every request passes before it is sent."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import BudgetError
from connectors.slots import CALM_SECONDS, SAME_EVENT_SECONDS, Slots

SLOWER_AFTER_REFUSAL = 0.5  # a 429 halves a lane's rate
FASTER_AFTER_CALM = 1.05  # ten seconds without one give five percent back
ROLLING_PAUSE = timedelta(hours=1)  # a rolling limit frees the calls of an hour of yesterday within an hour
SLOWEST_SHARE = 0.05  # of the lane's own rate; below that a run is better paused


@dataclass(frozen=True)
class Pace:
    """A lane's limits: calls per second on average, how many may start at once, how many may run at the same time.

    `per_second` None means that the CRM sets no such limit. `long_at_most` is how many of those that run at the same
    time may take long (see `Slots`); None if any may.
    """

    per_second: float | None = None
    burst: int = 1
    concurrent: int = 8
    long_at_most: int | None = None


@dataclass(frozen=True)
class LimitReading:
    """What the CRM said about its daily limit in a reply: calls used by everybody, and the most there are.

    A limit that begins anew at some time has `resets_at`; a rolling one has `read_at`, the CRM's time of the reply.
    """

    used: int
    maximum: int
    resets_at: datetime | None = None
    read_at: datetime | None = None

    @property
    def resume_at(self) -> datetime | None:
        """When calls will be free again, UTC; None if that is not known."""
        return self.resets_at or (self.read_at and self.read_at + ROLLING_PAUSE)


class TokenBucket:
    """Lets calls start at a mean rate, with short bursts. Safe to share between threads."""

    def __init__(
        self, pace: Pace, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._share = 1.0  # of the lane's rate; refusals lower it, calm times raise it
        self._tokens = float(pace.burst)
        self._filled_at = self._calm_since = clock()
        self._refused_at: float | None = None

    @property
    def per_second(self) -> float | None:
        """The rate at this moment, after refusals and calm times."""
        return None if self._pace.per_second is None else self._pace.per_second * self._share

    def take(self) -> float:
        """Wait until a call may start; the seconds waited."""
        with self._lock:
            now = self._clock()
            calm_times = int((now - self._calm_since) / CALM_SECONDS)
            if calm_times:
                self._share = min(1.0, self._share * FASTER_AFTER_CALM**calm_times)
                self._calm_since += calm_times * CALM_SECONDS
            rate = self.per_second
            if rate is None:
                return 0.0
            self._tokens = min(float(self._pace.burst), self._tokens + (now - self._filled_at) * rate)
            self._filled_at = now
            # a debt is allowed: each waiting thread has its own place in the queue
            self._tokens -= 1
            wait = max(0.0, -self._tokens / rate)
        if wait:
            self._sleep(wait)
        return wait

    def slow_down(self) -> None:
        """The CRM refused a call for its rate: halve ours, once for all calls that were under way."""
        with self._lock:
            now = self._clock()
            if self._refused_at is None or now - self._refused_at >= SAME_EVENT_SECONDS:
                self._share = max(SLOWEST_SHARE, self._share * SLOWER_AFTER_REFUSAL)
            self._refused_at = self._calm_since = now

    def follow(self, per_second: float) -> None:
        """The CRM named its limit: never be faster than that, nor slower without a refusal."""
        with self._lock:
            if self._pace.per_second is not None and per_second > 0:
                self._pace = replace(self._pace, per_second=per_second)


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
        self._slots = {name: Slots(pace.concurrent, pace.long_at_most, clock=clock) for name, pace in paces.items()}
        self._in_flight = 0
        self._sent_before_reading = 0

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

    @property
    def used(self) -> int | None:
        """Calls of the day by everybody, as the CRM told them last, and ours since; None before it told any."""
        with self._lock:
            return None if self.limit is None else self._used(self.limit)

    def concurrent(self, family: str) -> int:
        """How many calls of a family's lane may run at once now."""
        return self._slots.get(family, self._slots[""]).at_most

    @contextmanager
    def turn(self, family: str) -> Iterator[None]:
        """Wait for a call's turn, count it, and hold its slot while the block runs.

        Raises:
            BudgetError: the run's cap or the CRM's daily limit less the reserve is spent; nothing is sent.
        """
        lane = family if family in self._slots else ""
        with self._slots[lane].held(family):
            self._spend(family)
            try:
                self._buckets[lane].take()
                yield
            finally:
                with self._lock:
                    self._in_flight -= 1

    def refused(self, family: str) -> None:
        """The CRM refused a call for its rate (429)."""
        self._bucket(family).slow_down()

    def crowded(self, family: str) -> None:
        """The CRM refused a call because too many ran at once."""
        self._slots.get(family, self._slots[""]).halve()

    def follow(self, family: str, per_second: float) -> None:
        """The CRM said how many calls a second this family may make."""
        self._bucket(family).follow(per_second)

    def note_limit(self, reading: LimitReading) -> None:
        """The CRM said how much of its daily limit is used."""
        with self._lock:
            self.limit = reading
            # the reply that carries the reading is counted in it; what else is under way may not be
            self._sent_before_reading = sum(self._calls.values()) - max(0, self._in_flight - 1)

    def _bucket(self, family: str) -> TokenBucket:
        return self._buckets.get(family, self._buckets[""])

    def _remaining(self) -> int | None:
        budgets = []
        if self.run_cap is not None:
            budgets.append(self.run_cap - sum(self._calls.values()))
        if self.limit is not None:
            budgets.append(int(self.limit.maximum * (1 - self.reserve)) - self._used(self.limit))
        return min(budgets) if budgets else None

    def _used(self, limit: LimitReading) -> int:
        # not every reply carries the meter, so what was sent since is counted too
        return limit.used + sum(self._calls.values()) - self._sent_before_reading

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
                    f"{self._used(limit)} of the CRM's {limit.maximum} API calls are used, and {self.reserve:.0%} are "
                    "left to others. What is landed is kept; run again when the limit has moved on.",
                    resume_at=limit.resume_at,
                )
            self._calls[family] += 1
            self._in_flight += 1
