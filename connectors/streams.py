"""What a sync is asked for, what it plans, and what it says on the way and at the end."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from connectors.errors import EXIT_FAILED, EXIT_TRY_LATER, CrmError, PausedError
from connectors.landing import ApplyMode, Lane, OpenLoad, Window
from connectors.raw import Applied
from connectors.schema import TableSchema, raw_table

DEFAULT_OVERLAP = timedelta(minutes=10)  # read again at each run, since a CRM may stamp a row before it shows it

Outcome = Literal["synced", "no_access", "failed", "paused", "not_run"]
EventKind = Literal["planned", "started", "part_landed", "committed", "applied", "held", "no_access", "failed"]


@dataclass(frozen=True)
class Stream:
    """One lane of one object, on its way into one raw table. Its watermark is its own.

    `lag` is how far behind the server's clock the source is complete; `overlap` how much is read again before the
    watermark. Streams run in the order they are given: an object's rows before its deletes.
    """

    object_name: str
    lane: Lane = "rows"
    mode: ApplyMode = "upsert"
    table: str = ""
    """Raw table; "" takes the object's name in snake case."""
    lag: timedelta = timedelta(0)
    overlap: timedelta = DEFAULT_OVERLAP
    parent_column: str | None = None

    @property
    def raw_table(self) -> str:
        """Name of the raw table inside the connection's schema."""
        return self.table or raw_table(self.object_name)

    @property
    def is_full_list(self) -> bool:
        """Whether every load reads everything, so that the window has no lower bound."""
        return self.mode in ("snapshot", "presence")


@dataclass(frozen=True)
class PlanLine:
    """What will be fetched for a stream, known before it is: API by name, window, rows and calls expected.

    `schema` comes from the CRM's metadata. `details` is the connector's own (a query, a column list).
    """

    stream: Stream
    window: Window
    schema: TableSchema
    api: str
    expected_rows: int | None = None
    calls: int | None = None
    details: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Fetched:
    """What the CRM says it has sent: `expected_rows` None if it announces no number.

    `covered_until` is for a source that covers less than the window asked for.
    """

    expected_rows: int | None = None
    covered_until: datetime | None = None


class Connector(Protocol):
    """One CRM, as the protocol sees it. Everything raises the errors of `connectors.errors`."""

    @property
    def connection(self) -> str:
        """Name of the landing folder and of the raw schema: `salesforce`."""

    @property
    def calls(self) -> Counter[str]:
        """API calls so far by family, each retry counted; a copy."""

    @property
    def bytes_received(self) -> int:
        """Body bytes so far."""

    def identity(self) -> str:
        """Org or portal id, as the CRM reports it now."""

    def server_clock(self) -> datetime:
        """The CRM's own time, from a fresh Date header, UTC."""

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """Choose the API for `stream` over `window`, and read the metadata that its schema is made of.

        Raises:
            NoAccessError: this user cannot read the object; the run goes on without it.
        """

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land everything of `line.window` in `load`, part by part, going on from `load.checkpoint`.

        Called again on a restarted load if the numbers do not agree.

        Raises:
            NoAccessError: this user cannot read the object after all.
            RejectedRequestError: a resumed cursor may be too old; the load is then begun again, once.
        """

    def close(self) -> None:
        """Free connections and files; the connector must not be used any more."""


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
        """Whether every stream was synced, or cannot be read by this user."""
        return all(stream.outcome in ("synced", "no_access") for stream in self.streams)

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
