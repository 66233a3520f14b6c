"""Counts of what the sandbox was asked: calls, statuses, bytes and faults by endpoint family, and connections."""

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class CallStats:
    """Counters since the start or the last reset. Thread safe."""

    calls: Counter[str] = field(default_factory=Counter)
    bytes_sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    _connections: set[tuple[str, int]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, family: str, status: int, sent: int, client: tuple[str, int] | None) -> None:
        """Count one answered call; `sent` is the body's size on the wire."""
        with self._lock:
            self.calls[family] += 1
            self.bytes_sent[family] += sent
            self.statuses[f"{family} {status}"] += 1
            if client is not None:
                self._connections.add(client)

    def count_fault(self, family: str, kind: str) -> None:
        """Count one fault that was played."""
        with self._lock:
            self.faults[f"{family} {kind}"] += 1

    def reset(self) -> None:
        """Start all counters at zero."""
        with self._lock:
            for counter in (self.calls, self.bytes_sent, self.statuses, self.faults):
                counter.clear()
            self._connections.clear()

    def report(self) -> dict[str, object]:
        """The `/__stats__` answer."""
        with self._lock:
            return {
                "calls": dict(sorted(self.calls.items())),
                "total_calls": self.calls.total(),
                "bytes": dict(sorted(self.bytes_sent.items())),
                "statuses": dict(sorted(self.statuses.items())),
                "faults": dict(sorted(self.faults.items())),
                "connections": len(self._connections),
            }
