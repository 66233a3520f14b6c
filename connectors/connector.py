"""What a CRM connector is asked for, and what it answers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from connectors.errors import ConfigurationError, CrmError
from connectors.landing import ApplyMode, Lane, OpenLoad, Window, Withheld
from connectors.schema import TableSchema, raw_table

DEFAULT_OVERLAP = timedelta(minutes=10)  # read again at each run, since a CRM may stamp a row before it shows it


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
    cadence: timedelta | None = None
    """Not due before the watermark plus this; None is due at every run."""
    is_custom: bool = False
    """Whether the object was discovered in this org or portal, and is not one that every CRM of its kind has."""
    watched: tuple[str, ...] = ()
    """Columns that the CRM keeps no history of: raw keeps a version of the record for each change of one of them."""
    tells_of_reading: frozenset[str] = frozenset()
    """Columns that say how the rest of the record was read: the CRM has no such field, so no backfill fills them."""
    kept_for: timedelta | None = None
    """How long the CRM keeps the records at least: what is missing and older has aged out and stays. None: for ever."""

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
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    """Columns of `schema`, or of the CRM, that this load does not really read, and why: raw keeps what it has."""
    hashed: frozenset[str] = frozenset()
    """Columns of `schema` that are landed as a keyed hash, as VARCHAR."""
    minutes: float | None = None


@dataclass(frozen=True)
class Fetched:
    """What the CRM says it has sent: `expected_rows` None if it announces no number.

    `covered_until` is for a source that covers less than the window asked for.
    """

    expected_rows: int | None = None
    covered_until: datetime | None = None
    misfits: Mapping[str, int] = field(default_factory=dict)
    """Values per column that did not fit its type and were landed as null."""


@dataclass(frozen=True)
class Quota:
    """API calls of the CRM's own budget; `reserve` is the share that is left to other programs."""

    used: int
    maximum: int
    reserve: float
    resets_at: datetime | None = None

    @property
    def available(self) -> int:
        """Calls that may still be made before the reserve is touched."""
        return max(0, int(self.maximum * (1 - self.reserve)) - self.used)


@dataclass(frozen=True)
class Probe:
    """One fact about an org or portal that was looked at; `action` says what to do unless it is ok."""

    name: str
    status: Literal["ok", "warning", "failed", "unverified"]
    found: str
    action: str = ""


@dataclass(frozen=True)
class SyncRequest:
    """What is asked for besides the usual: everything since the watermarks.

    `full` reads from the beginning, and ends with the list of ids, so that nothing stale is left. `since` moves the
    lower bound back, never the upper one. `ids` reads these records of one object, and moves no watermark.
    """

    full: bool = False
    since: datetime | None = None
    ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if sum([self.full, self.since is not None, bool(self.ids)]) > 1:
            raise ConfigurationError("A sync is either full, or since a time, or of some ids: choose one of them.")

    @property
    def is_usual(self) -> bool:
        """Whether nothing special is asked for."""
        return not (self.full or self.since or self.ids)


@dataclass(frozen=True)
class Plan:
    """What a run would do now: a line or an error per stream, those that are not due, and the CRM's quota."""

    lines: tuple[PlanLine, ...]
    errors: tuple[tuple[Stream, CrmError], ...] = ()
    not_due: tuple[Stream, ...] = ()
    quota: Quota | None = None
    identity: str = ""

    def __iter__(self) -> Iterator[PlanLine]:
        """The lines, in the order in which they will be fetched."""
        return iter(self.lines)

    @property
    def calls(self) -> int:
        """Calls expected of all lines that can say."""
        return sum(line.calls or 0 for line in self.lines)


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

        A stream of lane `deletes` that comes with mode `presence` wants the full list of ids that are there.

        Raises:
            NoAccessError: this user cannot read the object; the run goes on without it.
        """

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land everything of `line.window` in `load`, part by part, going on from `load.checkpoint`.

        Called again on a restarted load if the numbers do not agree.

        Raises:
            NoAccessError: this user cannot read the object after all.
            StalePlanError: the CRM's fields changed since `plan`; the window is planned and begun again, once.
            RejectedRequestError: a resumed cursor may be too old; the load is then begun again, once.
        """

    def close(self) -> None:
        """Free connections and files; the connector must not be used any more."""


@runtime_checkable
class Backfills(Protocol):
    """A connector that can read some columns of all records."""

    def plan_backfill(self, stream: Stream, columns: Sequence[str], window: Window) -> PlanLine:
        """The plan of a load (lane backfill, mode patch) of the record id and `columns`, of all records."""


@runtime_checkable
class Estimates(Protocol):
    """A connector whose plans can be made to hold to the call, at the cost of some."""

    def estimate(self, line: PlanLine) -> PlanLine:
        """The line with what only asking can tell. A run that fetches at once does without it."""


class ReadsIds(Protocol):
    """A connector that can read records by their ids."""

    def plan(self, stream: Stream, window: Window, *, ids: Sequence[str] = ()) -> PlanLine:
        """As `Connector.plan`; with `ids`, for these records alone, whenever they changed."""


@runtime_checkable
class Discovers(Protocol):
    """A connector that finds out which objects an org or portal has."""

    def streams(self) -> Sequence[Stream]:
        """After `identity`: the standard streams that the reading rules allow, and those of custom objects."""


@runtime_checkable
class Metered(Protocol):
    """A connector that knows its CRM's quota."""

    def quota(self) -> Quota | None:
        """The CRM's own count of API calls; None if it says nothing."""


@runtime_checkable
class Probes(Protocol):
    """A connector that can look at an org or portal before it is used."""

    def probes(self) -> Iterator[Probe]:
        """One fact after the other, as they are found."""
