"""One run under its lease: what to read, what to do when it fails, and what to tell about it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    CrmError,
    NoAccessError,
    PausedError,
    RejectedRequestError,
    StalePlanError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.landing import LandingLog, Lease, Manifest, Window
from connectors.loading import Loader, Meter
from connectors.streams import (
    Backfills,
    Connector,
    EventKind,
    Listener,
    Outcome,
    PlanLine,
    ReadsIds,
    Stream,
    StreamReport,
    SyncRequest,
)
from connectors.telling import Teller
from connectors.windows import Windows, columns_to_fill

Planned = tuple[Stream, PlanLine | CrmError | None]  # None is not due
# after these the CRM would answer the next stream in the same way
_ENDS_RUN = (TransientError, AuthenticationError, ConfigurationError)


class Run:
    """One run under its lease."""

    def __init__(
        self,
        connector: Connector,
        log: LandingLog,
        lease: Lease,
        listener: Listener,
        request: SyncRequest | None = None,
    ) -> None:
        self.connector = connector
        self.log = log
        self.lease = lease
        self.teller = Teller(connector, listener)
        self.request = request or SyncRequest()
        self.identity = ""

    def identify(self) -> None:
        self.identity = self.connector.identity()
        self.log.check_identity(self.connector.connection, self.identity)
        clock = self.connector.server_clock()
        self.loader = Loader(self.connector, self.log, self.lease, self.teller, self.request, self.identity)
        self.windows = Windows(self.log, self.connector.connection, clock, self.request)

    def plan_all(self, streams: Sequence[Stream]) -> list[Planned]:
        """A plan per stream, or why there is none; after a limit is reached the CRM is asked nothing more."""
        planned: list[Planned] = []
        paused: PausedError | None = None
        for stream in streams:
            if not self.windows.is_due(stream):
                self.teller.stream("not_due", stream, message="not due yet")
                planned.append((stream, None))
                continue
            line = paused or self.plan(stream)
            paused = line if isinstance(line, PausedError) else None
            planned.append((stream, line))
        return planned

    def plan(self, stream: Stream, *, may_resume: bool = True) -> PlanLine | CrmError:
        """The stream's plan, or the error that belongs to this stream alone, or the limit that ends the run."""
        asked = self.windows.as_asked(stream)
        window = self.windows.window(asked, may_resume=may_resume)
        try:
            line = self._ask_plan(asked, window)
        except (RejectedRequestError, UnexpectedReplyError, PausedError) as error:
            return error
        self.teller.line("planned", line, rows_expected=line.expected_rows, calls=line.calls or 0, message=str(window))
        return line

    def _ask_plan(self, stream: Stream, window: Window) -> PlanLine:
        if self.request.ids:
            return cast("ReadsIds", self.connector).plan(stream, window, ids=self.request.ids)
        if stream.lane == "backfill":
            columns = self.columns_to_fill(stream)
            return cast("Backfills", self.connector).plan_backfill(stream, columns, window)
        return self.connector.plan(stream, window)

    def columns_to_fill(self, stream: Stream, planned: PlanLine | None = None) -> list[str]:
        """Columns of an object that not all of its records have."""
        return columns_to_fill(self.log, self.connector.connection, stream, planned)

    def plan_filling(self, stream: Stream, line: PlanLine | CrmError | None) -> Planned | None:
        """The backfill that a stream of records will need once `line` is fetched; None if it needs none."""
        if not isinstance(line, PlanLine) or not self.may_need_filling(stream, line):
            return None
        columns = self.columns_to_fill(stream, line)
        fill = _filling(stream)
        if not columns or not isinstance(self.connector, Backfills):
            return None
        try:
            return fill, self.connector.plan_backfill(fill, columns, self.windows.window(fill))
        except (RejectedRequestError, UnexpectedReplyError, PausedError) as error:
            return fill, error

    def fetch_all(self, planned: Sequence[Planned]) -> list[StreamReport]:
        reports: list[StreamReport] = []
        for stream, line in planned:
            reports.append(self._fetch_next(stream, line, _stopper(reports)))
        for stream, line in planned:
            fill = _filling(stream)
            if self.may_need_filling(stream, line) and self.columns_to_fill(fill):
                stopped_by = _stopper(reports)
                reports.append(self._fetch_next(fill, None if stopped_by else self.plan(fill), stopped_by))
        return reports

    def may_need_filling(self, stream: Stream, line: PlanLine | CrmError | None) -> bool:
        """Whether it is a stream of records whose columns this connector can fill."""
        is_records = stream.lane == "rows" and stream.mode == "upsert" and isinstance(line, PlanLine)
        return is_records and not self.request.ids and isinstance(self.connector, Backfills)

    def _fetch_next(
        self, stream: Stream, line: PlanLine | CrmError | None, stopped_by: CrmError | None
    ) -> StreamReport:
        if line is None and stopped_by is None:
            return StreamReport(stream, "not_due")
        if stopped_by is not None:
            outcome: Outcome = "paused" if isinstance(stopped_by, PausedError) else "not_run"
            return StreamReport(
                stream, "not_due" if line is None and stream.lane != "backfill" else outcome, error=stopped_by
            )
        return self.fetch_stream(stream, line)

    def fetch_stream(self, stream: Stream, line: PlanLine | CrmError | None) -> StreamReport:
        meter = Meter(self.connector)
        manifests: list[Manifest] = []
        error: CrmError | None = None
        may_replan = True
        try:
            while isinstance(line, PlanLine):
                try:
                    manifests.append(self.loader.load(line, meter))
                except StalePlanError:
                    if not may_replan:
                        raise
                    may_replan, line = False, self.plan(stream, may_resume=False)
                    continue
                if line.window.hi >= self.windows.target(stream) or stream.lane == "backfill":
                    break
                # this was what a run that died had begun; now the time since then
                line = self.plan(stream, may_resume=False)
        except CrmError as failure:
            error = failure
        if isinstance(line, CrmError):
            error = line
        outcome = _outcome(error)
        if isinstance(error, NoAccessError):
            self.loader.note_refusal(stream, error, self.windows.clock)
        if error is not None:
            kind: EventKind = "no_access" if outcome == "no_access" else "failed"
            self.teller.stream(kind, stream, calls=meter.calls.total(), seconds=meter.seconds, message=str(error))
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


def _outcome(error: CrmError | None) -> Outcome:
    if error is None:
        return "synced"
    if isinstance(error, NoAccessError):
        return "no_access"
    return "paused" if isinstance(error, PausedError) else "failed"


def _total_expected(manifests: Sequence[Manifest]) -> int | None:
    expected = [manifest.rows_expected for manifest in manifests if manifest.rows_expected is not None]
    return sum(expected) if expected else None


def _stopper(reports: Sequence[StreamReport]) -> CrmError | None:
    """The error after which no other stream is asked for."""
    return next((report.error for report in reports if isinstance(report.error, _ENDS_RUN)), None)


def _filling(stream: Stream) -> Stream:
    """The stream that fills columns of `stream`."""
    return replace(stream, lane="backfill", mode="patch", cadence=None)
