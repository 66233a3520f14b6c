"""Switchable faults of the sandbox: what goes wrong, in which endpoint family, at which call or how often.

A family is `<crm>.<endpoint>`, such as `salesforce.query` or `hubspot.search`; a fault names one or a pattern
(`salesforce.*`). Calls are counted per fault from 1, starting when it is set, so a test can say "the third page".
Kinds every endpoint understands: `status`, `reset`, `truncate`, `slow`. Kinds that one CRM's endpoints read from
`Call.faults` stand in hubspot/troubles.py and here for Salesforce:

    refuse           the refusal of an errorCode (`code`), with the service's own status and message
    expire_session   every session is over · daily_limit, concurrent_limit  403 REQUEST_LIMIT_EXCEEDED
    locator_expired  the cursor or Bulk locator of this call is gone for good
    job_failed, job_aborted, job_stuck   how a Bulk job ends, or that it never does
    lose_rows        a Bulk page lacks its last rows (`keep` is the share sent) and says so nowhere
    wrong_count      a Bulk job announces more rows than it has
    dirty_text       NUL (`code` nul) or bytes that are no UTF-8 (`code` utf8) behind the first `mark` of the body

Several switches may be due at one call: `Call.faults` has them all, `Call.fault` the gravest.
"""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal[
    "status",
    "reset",
    "truncate",
    "slow",
    "expire_session",
    "job_failed",
    "job_aborted",
    "job_stuck",
    "lose_rows",
    "wrong_count",
    "locator_expired",
    "refuse",
    "concurrent_limit",
    "daily_limit",
    "index_lag",
    "rate_limits",
    "partial",
    "bad_id",
    "dirty_text",
    "portal_changed",
    "unordered",
    "outside_window",
    "rotate_tokens",
    "no_version",
    "no_meter",
]
_ENDS_A_CALL = ("status", "reset", "truncate", "slow", "expire_session", "refuse", "daily_limit")
Cut = Literal["connection", "body", "rows", "gzip"]


@dataclass(frozen=True)
class Fault:
    """One switch. With `at` it fires at those calls, else at share `rate` of calls drawn from `seed`.

    `times` caps how often it fires (None: no cap). `cut` says how a truncated body is sent: `connection` keeps the
    whole body's Content-Length and closes early, `body` sends a shorter answer that looks complete, `rows` does the
    same but cuts at the end of a line, so that only a row count can tell, `gzip` ends the compressed stream early.
    `keep` is the share of the body sent. `object_name` narrows a fault to calls about one Salesforce object, parts of a
    Composite included.
    """

    kind: Kind
    family: str = "*"
    at: tuple[int, ...] = ()
    rate: float = 0.0
    seed: int = 0
    times: int | None = None
    status: int = 503
    code: str | None = None
    cut: Cut = "connection"
    keep: float = 0.5
    seconds: float = 0.0
    object_name: str = "*"
    mark: str = ""
    body: str | None = None

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> "Fault":
        """Build a fault from the control endpoint's JSON; ValueError names a key or kind that does not exist."""
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
        if given.get("kind") not in get_args(Kind):
            raise ValueError(f"no fault kind {given.get('kind')!r}; there are {', '.join(get_args(Kind))}")
        at = given.get("at", ())
        calls = tuple(at) if isinstance(at, Iterable) and not isinstance(at, str) else (at,)
        return cls(**{**given, "at": calls})  # type: ignore[arg-type]


@dataclass
class _Switch:
    fault: Fault
    calls: int = 0
    fired: int = 0

    def is_due(self) -> bool:
        self.calls += 1
        fault = self.fault
        if fault.times is not None and self.fired >= fault.times:
            return False
        due = self.calls in fault.at if fault.at else drawn(fault.seed, self.calls) < fault.rate
        self.fired += due
        return due


@dataclass
class FaultBoard:
    """All switches of one server. Thread safe."""

    _switches: list[_Switch] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, faults: Iterable[Fault]) -> None:
        """Set further faults; their call counts start now."""
        with self._lock:
            self._switches.extend(_Switch(fault) for fault in faults)

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._switches.clear()

    def draw(self, family: str) -> Fault | None:
        """Count one call of `family` against every switch and return the gravest fault that is due."""
        due = self.draw_all(family)
        return due[0] if due else None

    def draw_all(self, family: str, object_name: str | None = None, *, part: bool = False) -> tuple[Fault, ...]:
        """Count one call of `family` against every switch and return the faults that are due, the gravest first.

        `part` says that the call is a part of another one, which only faults of single objects hit.
        """
        with self._lock:
            due = [s.fault for s in self._switches if _meets(s.fault, family, object_name, part=part) and s.is_due()]
        return tuple(sorted(due, key=lambda fault: fault.kind not in _ENDS_A_CALL))

    def report(self) -> list[dict[str, object]]:
        """What is set, with calls seen and times fired."""
        with self._lock:
            return [
                {"kind": s.fault.kind, "family": s.fault.family, "calls": s.calls, "fired": s.fired}
                for s in self._switches
            ]


def _meets(fault: Fault, family: str, object_name: str | None, *, part: bool) -> bool:
    if not fnmatchcase(family, fault.family):
        return False
    return not part if fault.object_name == "*" else fnmatchcase(object_name or "", fault.object_name)


def drawn(seed: int, call: int) -> float:
    """A number in [0, 1) that depends on nothing but the two arguments."""
    digest = hashlib.blake2b(f"{seed}:{call}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
