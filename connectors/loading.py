"""One load of a run: fetch, verify, commit, and begin again where that can help."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import CountMismatchError, NoAccessError, RejectedRequestError, UnexpectedReplyError
from connectors.hashing import HASH_TYPE
from connectors.landing import LandingLog, Lease, LoadRequest, Manifest, OpenLoad, Window
from connectors.schema import Column, TableSchema
from connectors.streams import Connector, PlanLine, Stream, SyncRequest
from connectors.telling import Teller


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


@dataclass(frozen=True)
class Loader:
    """Turns plans into committed loads, for one run under its lease."""

    connector: Connector
    log: LandingLog
    lease: Lease
    teller: Teller
    request: SyncRequest
    identity: str

    def load(self, line: PlanLine, meter: Meter) -> Manifest:
        """Fetch and commit one window; on numbers that do not agree, or a cursor that is gone, begin again once."""
        load = self.log.open_load(self._load_request(line), self.lease)
        load.on_part = lambda _: self.teller.line(
            "part_landed", line, rows=load.rows_landed, calls=meter.calls.total(), seconds=meter.seconds
        )
        self.teller.line("started", line, rows=load.rows_landed, rows_expected=line.expected_rows)
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
        self.teller.line(
            "committed",
            line,
            rows=manifest.rows_landed,
            rows_expected=manifest.rows_expected,
            calls=meter.calls.total(),
            seconds=meter.seconds,
        )
        return manifest

    def note_refusal(self, stream: Stream, error: NoAccessError, hi: datetime) -> None:
        """Write down since when an object cannot be read, so that nobody takes its silence for emptiness."""
        if self.request.ids:
            return
        request = LoadRequest(
            connection=self.connector.connection,
            object_name=stream.object_name,
            lane=stream.lane,
            window=Window(None, hi),
            schema=TableSchema(()),
            mode="none",
            raw_table=stream.raw_table,
            identity=self.identity,
            moves_watermark=False,
            reason=str(error),
        )
        self.log.commit_refusal(request, self.lease)

    def _load_request(self, line: PlanLine) -> LoadRequest:
        stream = line.stream
        columns = [
            Column(column.name, HASH_TYPE if column.name in line.hashed else column.duckdb_type)
            for column in line.schema.columns
        ]
        return LoadRequest(
            connection=self.connector.connection,
            object_name=stream.object_name,
            lane=stream.lane,
            window=line.window,
            schema=TableSchema(tuple(columns)),
            mode=stream.mode,
            raw_table=stream.raw_table,
            identity=self.identity,
            parent_column=stream.parent_column,
            withheld=line.withheld,
            hashed=line.hashed,
            ids=self.request.ids,
            moves_watermark=not self.request.ids,
            watched=stream.watched,
            kept_for=stream.kept_for,
        )

    def _fetch_and_commit(self, line: PlanLine, load: OpenLoad, meter: Meter) -> Manifest:
        fetched = self.connector.fetch(line, load)
        return load.commit(
            expected_rows=fetched.expected_rows,
            calls=meter.calls,
            covered_until=fetched.covered_until,
            misfits=fetched.misfits,
        )
