"""Which window each stream reads now, and whether it is due at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConfigurationError
from connectors.landing import MAX_RESUME_AGE, LandingLog, Window
from connectors.streams import PlanLine, Stream, StreamReport, SyncRequest

CADENCE_SLACK = timedelta(hours=1)  # a nightly run that starts a little earlier than the last one is still due

# what a load of some ids can be made of
_ID_LANES = frozenset(["rows", "history", "associations", "calculated"])


@dataclass(frozen=True)
class Windows:
    """The log's watermarks, the CRM's clock and what was asked for, made into windows."""

    log: LandingLog
    connection: str
    clock: datetime
    request: SyncRequest

    def watermark(self, stream: Stream) -> datetime | None:
        """Up to where the stream is complete; None before its first load."""
        return self.log.watermark(self.connection, stream.object_name, stream.lane)

    def target(self, stream: Stream) -> datetime:
        """Up to where the stream can be complete now; never behind what it is complete to already."""
        hi, watermark = self.clock - stream.lag, self.watermark(stream)
        return hi if watermark is None else max(hi, watermark)

    def is_due(self, stream: Stream) -> bool:
        """Whether the stream is to be read now: what is asked for by name always is."""
        if self.request.ids:
            return stream.lane in _ID_LANES and stream.mode != "snapshot"
        if stream.cadence is None or not self.request.is_usual:
            return True
        watermark = self.watermark(stream)
        return watermark is None or self.clock >= watermark + stream.cadence - CADENCE_SLACK

    def window(self, stream: Stream, *, may_resume: bool = True) -> Window:
        """What to read now: the rest since the watermark, or what a run that ended early had begun."""
        window = Window(self._lower_bound(stream), self.target(stream))
        begun = self.log.find_open(self.connection, stream.object_name, stream.lane, self.request.ids)
        if not may_resume or begun is None or (stream.mode == "presence" and begun.mode != "presence"):
            return window
        # rows that were begun for a full reading are gone on with by a usual one, too; a delete log without a lower
        # bound is another question
        is_wider = begun.window.lo is None or (window.lo is not None and begun.window.lo <= window.lo)
        holds_all = begun.window.lo == window.lo or (stream.lane == "rows" and is_wider)
        is_fresh = timedelta(0) <= window.hi - begun.window.hi <= MAX_RESUME_AGE
        return begun.window if holds_all and is_fresh else window

    def as_asked(self, stream: Stream) -> Stream:
        """The stream as it is read now: after a full reading, deletes are found by the list of what is there."""
        if stream.lane == "deletes" and stream.mode == "tombstone" and self.owes_presence(stream.object_name):
            return replace(stream, mode="presence")
        return stream

    def owes_presence(self, object_name: str) -> bool:
        """Whether the object's newest full reading was not the first one, and no full list of ids came after it."""
        if self.request.full:
            return True
        has_rows = is_owed = False
        for manifest in self.log.manifests(self.connection, object_name):
            request = manifest.request
            is_whole = request.window.lo is None and not request.ids
            if request.lane == "rows" and request.mode == "upsert" and request.moves_watermark:
                is_owed, has_rows = is_owed or (has_rows and is_whole), True
            elif request.lane == "deletes" and is_whole and request.mode not in ("none", "release"):
                is_owed = False
        begun = self.log.find_open(self.connection, object_name, "rows")
        return is_owed or (has_rows and begun is not None and begun.window.lo is None)

    def complete_until(self, streams: Sequence[StreamReport]) -> datetime:
        """Up to where (exclusive) all that was to be read is known; a stream knows what its newest load says.

        A source may cover less than it was asked for, a delete log above all.
        """
        bounds = [
            (self.watermark(one.stream) if one.outcome == "synced" else None) or self.target(one.stream)
            for one in streams
            if one.outcome not in ("no_access", "not_due") and one.stream.lane not in ("backfill", "erasures")
        ]
        return min(bounds, default=self.clock)

    def _lower_bound(self, stream: Stream) -> datetime | None:
        watermark = self.watermark(stream)
        reads_all = stream.is_full_list or stream.lane == "backfill" or self.request.full or bool(self.request.ids)
        if watermark is None or reads_all:
            return None
        usual = watermark - stream.overlap
        return usual if self.request.since is None else min(usual, self.request.since)


def check_ids(request: SyncRequest, streams: Sequence[Stream]) -> None:
    """Refuse ids that could be of several objects."""
    objects = {stream.object_name for stream in streams if stream.lane == "rows"}
    if request.ids and len(objects) != 1:
        raise ConfigurationError("Ids belong to one object: name it (--object), and nothing else beside it.")


def columns_to_fill(log: LandingLog, connection: str, stream: Stream, planned: PlanLine | None = None) -> list[str]:
    """Columns that the object's newest load of rows reads, and of which some records may hold an older value or none.

    A column is complete after a load that read everything, or a backfill of it, for as long as no load since then
    left it out. `planned` counts as if it were the newest load.
    """
    complete: dict[str, bool] = {}  # column → whether it is hashed
    newest: dict[str, bool] = {}
    for manifest in log.manifests(connection, stream.object_name):
        request = manifest.request
        if request.ids or request.mode not in ("upsert", "patch"):
            continue
        read = {name: name in request.hashed for name in request.schema.names if name not in request.withheld}
        if request.lane == "backfill":
            complete |= read
        elif request.lane == "rows":
            newest = read
            complete = read if request.window.lo is None else _still(complete, read)
    if planned is not None:
        newest = {name: name in planned.hashed for name in planned.schema.names if name not in planned.withheld}
        complete = newest if planned.window.lo is None else _still(complete, newest)
    fillable = {name: is_hashed for name, is_hashed in newest.items() if name not in stream.tells_of_reading}
    return [name for name, is_hashed in fillable.items() if complete.get(name) is not is_hashed]


def _still(complete: dict[str, bool], read: dict[str, bool]) -> dict[str, bool]:
    return {name: is_hashed for name, is_hashed in complete.items() if read.get(name) is is_hashed}
