"""Counts of what the sandbox was asked: calls, statuses, bytes and faults by endpoint family, and connections."""

import hashlib
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

KEPT_REQUESTS = 10_000
KEPT_BODY = 2_000  # bytes of a request's body


@dataclass
class CallStats:
    """Counters since the start or the last reset. Thread safe."""

    calls: Counter[str] = field(default_factory=Counter)
    bytes_sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    _requests: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    _connections: set[tuple[str, int]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def log(self, family: str, method: str, target: str, body: bytes, fault: str | None) -> dict[str, object]:
        """Remember one request; the answer is its entry, to which its `status` and `bytes` are added."""
        entry: dict[str, object] = {"family": family, "method": method, "target": target, "fault": fault}
        if body:
            # logins hold secrets of whoever tests: their bodies are known by their hash alone
            if not family.endswith((".token", ".soap", ".revoke")):
                entry["body"] = body[:KEPT_BODY].decode("utf-8", errors="replace")
            entry["body_hash"] = hashlib.blake2b(body, digest_size=8).hexdigest()
        with self._lock:
            self._requests.append(entry)
        return entry

    def requests(self, family: str = "*", last: int = KEPT_REQUESTS) -> list[dict[str, object]]:
        """The newest requests of a family or a pattern of families, oldest first."""
        with self._lock:
            kept = [dict(entry) for entry in self._requests if fnmatchcase(str(entry["family"]), family)]
        return kept[-last:]

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
            self._requests.clear()
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
