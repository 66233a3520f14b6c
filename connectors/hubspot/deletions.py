"""What is no longer there: records that were archived, merged into another, or that merely stopped being there.

Archiving does not move a record's modification stamp, so the list of archived records is read; merging moves the
winner's, which names the losers; whatever else is missing is found by counting. A restored record becomes live again
when its next change is read.
"""

from connectors.hubspot.known import MERGED_IDS, merged_since_source, read_until, whole_source
from connectors.hubspot.objects import ObjectType
from connectors.hubspot.parts import Group
from connectors.hubspot.search import Query, has_value
from connectors.hubspot.session import Session
from connectors.hubspot.sources import GONE, LISTED, archived_source, gone_source, ids_source, merged_source
from connectors.hubspot.vanished import Vanished
from connectors.hubspot.walks import walk_ids, walk_window
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

SCHEMA = TableSchema.of({"id": "VARCHAR"})


class DeletionsLane:
    """Plans and fetches the lane `deletes` of every type of record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """HubSpot's count of records, one call for all types; the list of archived ones comes with the rows."""
        kind = self._session.kind(stream.object_name)
        has_merges = kind.can_merge and MERGED_IDS in self._session.catalogue.read(kind).asked
        calls = 1 if self._session.vanished.is_first_count(stream, window) else 0
        return PlanLine(stream, window, SCHEMA, "list archived, count", calls=calls, details=has_merges)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land a tombstone for each record that was archived or merged away in the window, or is not there now."""
        if load.parts:
            load.restart()  # a few calls; not worth a checkpoint
        kind = self._session.kind(line.stream.object_name)
        if line.stream.mode == "presence":
            return self._land_present(kind, load)
        ids = self._session.archived.ids(kind, load.window)
        if ids:
            load.land(archived_source(self._session.archived.files(kind), load.window), GONE)
        merged = self._land_merged(kind, load) if line.details else set()
        self._session.merged |= merged
        if self._session.vanished.is_due(line.stream, load.window):
            self._land_vanished(kind, load, merged)
        return Fetched()

    def _land_present(self, kind: ObjectType, load: OpenLoad) -> Fetched:
        """Everybody who is there: what this run has just read, or else what a search finds.

        What is missing becomes a tombstone; whether it was merged or erased, the next night's count finds out.
        """
        source = whole_source(load)
        if source is None:
            listed = [key for step in walk_ids(self._session.client, Query(kind)) for key in step.ids]
            source = ids_source(listed) if listed else None
        if source is not None:
            load.land(source, LISTED)
        return Fetched()

    def _land_merged(self, kind: ObjectType, load: OpenLoad) -> set[str]:
        """Tombstones for what was merged; the losers' ids."""
        read = read_until(load)
        if read is not None and read >= load.window.hi:
            source = merged_since_source(load)  # the rows that name them are in the log: no call
            return self._land_named(source, load) if source is not None else set()
        client = self._session.client
        query = Query(kind, filters=(has_value(MERGED_IDS),), properties=(MERGED_IDS,))
        group = Group(load)
        steps = walk_ids(client, query) if load.window.lo is None else walk_window(client, query, load.window)
        for step in steps:
            group.add(step.bodies)
        return self._land_named(merged_source(group.files), load) if group.files else set()

    def _land_named(self, source: str, load: OpenLoad) -> set[str]:
        losers = {str(key) for (key,) in self._session.scratch.query(f"select id from {source}")}
        if losers:
            load.land(source, GONE)
        return losers

    def _land_vanished(self, kind: ObjectType, load: OpenLoad, merged: set[str]) -> None:
        vanished = self._session.vanished.read(kind, load, gone=merged)
        self._session.merged |= vanished.merged.keys()
        if vanished.merged:
            load.land(_merged_now(vanished, load.window), GONE)
        if vanished.archived:
            group = Group(load)
            group.add(vanished.archived)
            load.land(archived_source(group.files, Window(None, load.window.hi)), GONE)
            group.clear()


def _merged_now(vanished: Vanished, window: Window) -> str:
    """Merges whose time HubSpot does not tell: they are dated by when they were seen."""
    return gone_source(window.hi, vanished.merged)
