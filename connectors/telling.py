"""What a run tells its listener about each stream."""

from connectors.connector import Connector, PlanLine, Stream
from connectors.raw import Applied
from connectors.streams import EventKind, Listener, SyncEvent


class Teller:
    """Turns moments of a run into events."""

    def __init__(self, connector: Connector, listener: Listener) -> None:
        self.connection = connector.connection
        self.listener = listener

    def line(
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
        """A moment of a planned stream."""
        name, lane = line.stream.object_name, line.stream.lane
        self.listener(
            SyncEvent(kind, self.connection, name, lane, line.api, rows, rows_expected, calls, seconds, message)
        )

    def stream(self, kind: EventKind, stream: Stream, *, calls: int = 0, seconds: float = 0.0, message: str) -> None:
        """A moment of a stream that may have no plan."""
        name, lane = stream.object_name, stream.lane
        self.listener(SyncEvent(kind, self.connection, name, lane, calls=calls, seconds=seconds, message=message))

    def applied(self, applied: Applied) -> None:
        """A load is in its raw table now."""
        counts = applied.counts
        kind: EventKind = "held" if counts.held else "applied"
        message = (
            f"{counts.held} deletions are held, more than the brake lets through: look at load {applied.load_id}, "
            "then release it."
            if counts.held
            else ""
        )
        rows = counts.inserted + counts.updated + counts.tombstoned
        self.listener(SyncEvent(kind, self.connection, applied.object_name, applied.lane, rows=rows, message=message))


def ignore(event: SyncEvent) -> None:
    """No listener."""
