"""How many calls of a lane run at the same time, and how many of them may take long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG_SECONDS = 20.0  # Salesforce counts a request against its limit of concurrent ones once it lasts this long
CALM_SECONDS = 10.0
SAME_EVENT_SECONDS = 1.0  # refusals this close together are one: all were sent before the first was answered


class Slots:
    """Lets `concurrent` calls run at once; of those that may take long, `long_at_most`.

    A family of calls may take long until one of it was quick, and for good once one of it took `LONG_SECONDS`. A
    refusal for too many at once halves the slots; each calm time gives one back. Safe to share between threads.
    """

    def __init__(
        self, concurrent: int, long_at_most: int | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = self._now_at_most = concurrent
        self._long_at_most = long_at_most
        self._clock = clock
        self._changed = threading.Condition()
        self._running: dict[object, tuple[str, float]] = {}
        self._is_long: dict[str, bool] = {}
        self._refused_at: float | None = None

    @property
    def at_most(self) -> int:
        """How many may run at once at this moment."""
        with self._changed:
            return self._now_at_most

    @contextmanager
    def held(self, family: str) -> Iterator[None]:
        """Wait for a slot and keep it while the block runs."""
        call = object()
        with self._changed:
            self._changed.wait_for(lambda: self._may_start(family))
            self._running[call] = (family, self._clock())
        try:
            yield
        finally:
            with self._changed:
                _, started = self._running.pop(call)
                took_long = self._clock() - started >= LONG_SECONDS
                self._is_long[family] = took_long or self._is_long.get(family, False)
                self._changed.notify_all()

    def halve(self) -> None:
        """The CRM refused a call because too many ran at once."""
        with self._changed:
            now = self._clock()
            if self._refused_at is None or now - self._refused_at >= SAME_EVENT_SECONDS:
                self._now_at_most = max(1, self._now_at_most // 2)
            self._refused_at = now

    def _may_start(self, family: str) -> bool:
        now = self._clock()
        if self._refused_at is not None and now - self._refused_at >= CALM_SECONDS:
            self._now_at_most = min(self._most, self._now_at_most + 1)
            self._refused_at = now if self._now_at_most < self._most else None
        if len(self._running) >= self._now_at_most:
            return False
        if self._long_at_most is None or not self._is_long.get(family, True):
            return True
        may_be_long = [
            name
            for name, started in self._running.values()
            if self._is_long.get(name, True) or now - started >= LONG_SECONDS
        ]
        return len(may_be_long) < self._long_at_most
