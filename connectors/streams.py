"""What a run says on the way and at the end; and all that `connectors.connector` defines."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from connectors.connector import (
    DEFAULT_OVERLAP,
    Backfills,
    Connector,
    Discovers,
    Estimates,
    Fetched,
    Metered,
    Plan,
    PlanLine,
    Probe,
    Probes,
    Quota,
    ReadsIds,
    Stream,
    SyncRequest,
)
from connectors.errors import EXIT_FAILED, EXIT_TRY_LATER, CrmError, PausedError
from connectors.landing import Window, Withheld
from connectors.raw import Applied

__all__ = [
    "DEFAULT_OVERLAP",
    "Backfills",
    "Connector",
    "Discovers",
    "Estimates",
    "EventKind",
    "Fetched",
    "Listener",
    "Metered",
    "Outcome",
    "Plan",
    "PlanLine",
    "Probe",
    "Probes",
    "Quota",
    "ReadsIds",
    "Stream",
    "StreamReport",
    "SyncEvent",
    "SyncReport",
    "SyncRequest",
    "Withheld",
]

Outcome = Literal["synced", "no_access", "failed", "paused", "not_run", "not_due"]
EventKind = Literal[
    "planned", "started", "part_landed", "committed", "applied", "held", "no_access", "failed", "not_due"
]


@dataclass(frozen=True)
class SyncEvent:
    """A moment of a run, for the live table and for asset metadata. Numbers are the stream's so far."""

    kind: EventKind
    connection: str
    object_name: str
    lane: str
    api: str = ""
    rows: int = 0
    rows_expected: int | None = None
    calls: int = 0
    seconds: float = 0.0
    message: str = ""


Listener = Callable[[SyncEvent], None]


@dataclass(frozen=True)
class StreamReport:
    """What became of one stream. `rows` were landed by this run, `bytes` received; `error` says why not, if not."""

    stream: Stream
    outcome: Outcome
    api: str = ""
    window: Window | None = None
    load_ids: tuple[str, ...] = ()
    rows: int = 0
    rows_expected: int | None = None
    calls: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    bytes: int = 0
    error: CrmError | None = None


@dataclass(frozen=True)
class SyncReport:
    """A run's result. `hi` is up to where (exclusive, UTC) all its streams are complete, if `is_complete`."""

    connection: str
    identity: str
    hi: datetime
    streams: tuple[StreamReport, ...]
    applied: tuple[Applied, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every stream was synced, was not due yet, or cannot be read by this user."""
        return all(stream.outcome in ("synced", "no_access", "not_due") for stream in self.streams)

    @property
    def is_partial(self) -> bool:
        """Whether some object could not be read by this user."""
        return any(stream.outcome == "no_access" for stream in self.streams)

    @property
    def held(self) -> tuple[Applied, ...]:
        """Loads whose mass deletion waits for a person: see `connectors.raw.release_held`."""
        return tuple(applied for applied in self.applied if applied.counts.held)

    @property
    def calls(self) -> Counter[str]:
        """API calls of all streams by family, those for planning left out."""
        total: Counter[str] = Counter()
        for stream in self.streams:
            total.update(stream.calls)
        return total

    @property
    def resume_at(self) -> datetime | None:
        """When a paused run may go on, UTC; None if it was not paused, or may go on at once."""
        paused = (stream.error for stream in self.streams if stream.outcome == "paused")
        times = [error.resume_at for error in paused if isinstance(error, PausedError) and error.resume_at]
        return max(times, default=None)

    @property
    def exit_code(self) -> int:
        """0 if complete, 75 if paused by a limit, else 1."""
        outcomes = {stream.outcome for stream in self.streams}
        if "failed" in outcomes:
            return EXIT_FAILED
        return EXIT_TRY_LATER if "paused" in outcomes else 0

    def raise_for_failure(self) -> None:
        """Raise the first error that kept a stream from being synced; one that is paused comes last."""
        errors = [stream.error for stream in self.streams if stream.outcome in ("failed", "paused") and stream.error]
        errors.sort(key=lambda error: isinstance(error, PausedError))
        if errors:
            raise errors[0]
