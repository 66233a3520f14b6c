"""One run under its lease: what to read, what to do when it fails, and what to tell about it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    CountMismatchError,
    CrmError,
    NoAccessError,
    PausedError,
    RejectedRequestError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.landing import MAX_RESUME_AGE, LandingLog, Lease, LoadRequest, Manifest, OpenLoad, Window
from connectors.raw import Applied
from connectors.streams import Connector, EventKind, Listener, Outcome, PlanLine, Stream, StreamReport, SyncEvent

# after these the CRM would answer the next stream in the same way
_ENDS_RUN = (TransientError, AuthenticationError, ConfigurationError)


@dataclass
class Meter:
    """What a stream has used since it began."""

    connector: Connector

    def __post_init__(self) -> None:
        self._calls = self.connector.calls
        self._bytes = self.connector.bytes_received
        self._started = time.monotonic()

    @property
    def calls(self) -> Counter[str]:
        return self.connector.calls - self._calls

    @property
    def bytes(self) -> int:
        return self.connector.bytes_received - self._bytes

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started


class Run:
    """One run under its lease."""

    def __init__(
        self, connector: Connector, log: LandingLog, lease: Lease, listener: Listener, code_version: str
    ) -> None:
        self.connector = connector
        self.log = log
        self.lease = lease
        self.listener = listener
        self.code_version = code_version
        self.identity = ""
        self.clock: datetime | None = None

    def identify(self) -> None:
        self.identity = self.connector.identity()
        self.log.check_identity(self.connector.connection, self.identity)
        self.clock = self.connector.server_clock()

    def target(self, stream: Stream) -> datetime:
        """Up to where the stream can be complete now; never behind what it is complete to already."""
        if self.clock is None:
            raise ConfigurationError("A run must identify its CRM before it can plan.")
        hi = self.clock - stream.lag
        watermark = self.log.watermark(self.connector.connection, stream.object_name, stream.lane)
        return hi if watermark is None else max(hi, watermark)

    def complete_until(self, streams: Sequence[Stream]) -> datetime:
        return min(self.target(stream) for stream in streams)

    def window(self, stream: Stream, *, may_resume: bool = True) -> Window:
        """What to read now: the rest since the watermark, or what a run that died had begun."""
        watermark = self.log.watermark(self.connector.connection, stream.object_name, stream.lane)
        lo = None if watermark is None or stream.is_full_list else watermark - stream.overlap
        window = Window(lo, self.target(stream))
        begun = self.log.find_open(self.connector.connection, stream.object_name, stream.lane)
        if (
            may_resume
            and begun is not None
            and begun.window.lo == lo
            and begun.window.hi <= window.hi
            and window.hi - begun.window.hi <= MAX_RESUME_AGE
        ):
            return begun.window
        return window

    def plan(self, stream: Stream, *, may_resume: bool = True) -> PlanLine | CrmError:
        """The stream's plan, or the error that belongs to this stream alone."""
        try:
            line = self.connector.plan(stream, self.window(stream, may_resume=may_resume))
        except (RejectedRequestError, UnexpectedReplyError) as error:
            return error
        self.tell("planned", line, rows_expected=line.expected_rows, calls=line.calls or 0, message=str(line.window))
        return line

    def fetch_all(self, planned: Sequence[tuple[Stream, PlanLine | CrmError]]) -> list[StreamReport]:
        reports: list[StreamReport] = []
        stopped_by: CrmError | None = None
        for stream, line in planned:
            if stopped_by is not None:
                outcome: Outcome = "paused" if isinstance(stopped_by, PausedError) else "not_run"
                reports.append(StreamReport(stream, outcome, error=stopped_by))
                continue
            report = self.fetch_stream(stream, line)
            if isinstance(report.error, _ENDS_RUN):
                stopped_by = report.error
            reports.append(report)
        return reports

    def fetch_stream(self, stream: Stream, line: PlanLine | CrmError) -> StreamReport:
        meter = Meter(self.connector)
        manifests: list[Manifest] = []
        error: CrmError | None = None
        try:
            while isinstance(line, PlanLine):
                manifests.append(self.load(line, meter))
                if line.window.hi >= self.target(stream):
                    break
                # this was what a run that died had begun; now the time since then
                line = self.plan(stream, may_resume=False)
        except CrmError as failure:
            error = failure
        if isinstance(line, CrmError):
            error = line
        outcome = _outcome(error)
        if error is not None:
            kind: EventKind = "no_access" if outcome == "no_access" else "failed"
            self.tell_stream(kind, stream, meter, message=str(error))
        return StreamReport(
            stream=stream,
            outcome=outcome,
            api=line.api if isinstance(line, PlanLine) else "",
            window=line.window if isinstance(line, PlanLine) else None,
            load_ids=tuple(manifest.load_id for manifest in manifests),
            rows=sum(manifest.rows_landed for manifest in manifests),
            rows_expected=_total_expected(manifests),
            calls=meter.calls,
            seconds=meter.seconds,
            bytes=meter.bytes,
            error=error,
        )

    def load(self, line: PlanLine, meter: Meter) -> Manifest:
        """Fetch and commit one window; on numbers that do not agree, or a cursor that is gone, begin again once."""
        stream = line.stream
        request = LoadRequest(
            connection=self.connector.connection,
            object_name=stream.object_name,
            lane=stream.lane,
            window=line.window,
            schema=line.schema,
            mode=stream.mode,
            raw_table=stream.raw_table,
            identity=self.identity,
            parent_column=stream.parent_column,
        )
        load = self.log.open_load(request, self.lease)
        load.on_part = lambda _: self.tell(
            "part_landed", line, rows=load.rows_landed, calls=meter.calls.total(), seconds=meter.seconds
        )
        self.tell("started", line, rows=load.rows_landed, rows_expected=line.expected_rows)
        try:
            manifest = self._fetch_and_commit(line, load, meter)
        except (CountMismatchError, RejectedRequestError, UnexpectedReplyError) as error:
            if not (isinstance(error, CountMismatchError) or load.was_resumed):
                load.discard()
                raise
            load.restart()
            try:
                manifest = self._fetch_and_commit(line, load, meter)
            except (RejectedRequestError, UnexpectedReplyError):
                load.discard()
                raise
        self.tell(
            "committed",
            line,
            rows=manifest.rows_landed,
            rows_expected=manifest.rows_expected,
            calls=meter.calls.total(),
            seconds=meter.seconds,
        )
        return manifest

    def _fetch_and_commit(self, line: PlanLine, load: OpenLoad, meter: Meter) -> Manifest:
        fetched = self.connector.fetch(line, load)
        return load.commit(
            expected_rows=fetched.expected_rows,
            calls=meter.calls,
            covered_until=fetched.covered_until,
            code_version=self.code_version,
        )

    def tell(
        self,
        kind: EventKind,
        line: PlanLine,
        *,
        rows: int = 0,
        rows_expected: int | None = None,
        calls: int = 0,
        seconds: float = 0.0,
        message: str = "",
    ) -> None:
        stream = line.stream
        self.listener(
            SyncEvent(
                kind,
                self.connector.connection,
                stream.object_name,
                stream.lane,
                line.api,
                rows,
                rows_expected,
                calls,
                seconds,
                message,
            )
        )

    def tell_stream(self, kind: EventKind, stream: Stream, meter: Meter, *, message: str) -> None:
        self.listener(
            SyncEvent(
                kind,
                self.connector.connection,
                stream.object_name,
                stream.lane,
                calls=meter.calls.total(),
                seconds=meter.seconds,
                message=message,
            )
        )

    def tell_applied(self, applied: Applied) -> None:
        counts = applied.counts
        kind: EventKind = "held" if counts.held else "applied"
        message = (
            f"{counts.held} deletions are held, more than the brake lets through: look at load {applied.load_id}, "
            "then release it."
            if counts.held
            else ""
        )
        rows = counts.inserted + counts.updated + counts.tombstoned
        self.listener(
            SyncEvent(kind, self.connector.connection, applied.object_name, applied.lane, rows=rows, message=message)
        )


def _outcome(error: CrmError | None) -> Outcome:
    if error is None:
        return "synced"
    if isinstance(error, NoAccessError):
        return "no_access"
    return "paused" if isinstance(error, PausedError) else "failed"


def _total_expected(manifests: Sequence[Manifest]) -> int | None:
    expected = [manifest.rows_expected for manifest in manifests if manifest.rows_expected is not None]
    return sum(expected) if expected else None


def ignore(event: SyncEvent) -> None:
    """No listener."""
