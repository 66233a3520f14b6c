"""What is no longer there: records that were archived, and records that were merged into another.

Archiving does not move a record's modification stamp, so the list of archived records is read; merging moves the
winner's, which names the losers. A restored record becomes live again when its next change is read.
"""

from connectors.hubspot.objects import OBJECT_TYPES, ObjectType
from connectors.hubspot.parts import Group
from connectors.hubspot.search import Query, has_value
from connectors.hubspot.session import Session
from connectors.hubspot.sources import GONE, archived_source, merged_source
from connectors.hubspot.walks import walk_ids, walk_window
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

MERGED_IDS = "hs_merged_object_ids"
SCHEMA = TableSchema.of({"id": "VARCHAR"})


class DeletionsLane:
    """Plans and fetches the lane `deletes` of every type of record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """Nothing to choose."""
        kind = OBJECT_TYPES[stream.object_name]
        has_merges = kind.can_merge and MERGED_IDS in self._session.catalogue.read(kind).asked
        return PlanLine(
            stream, window, SCHEMA, "list archived" + (", search merged" if has_merges else ""), details=has_merges
        )

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land a tombstone for each record that was archived or merged away in the window."""
        if load.parts:
            load.restart()  # a few calls; not worth a checkpoint
        kind = OBJECT_TYPES[line.stream.object_name]
        ids = self._session.archived.ids(kind, load.window)
        if ids:
            load.land(archived_source(self._session.archived.files(kind), load.window), GONE)
        if line.details:
            self._land_merged(kind, load)
        return Fetched()

    def _land_merged(self, kind: ObjectType, load: OpenLoad) -> None:
        client = self._session.client
        query = Query(kind, filters=(has_value(MERGED_IDS),), properties=(MERGED_IDS,))
        group = Group(load)
        steps = walk_ids(client, query) if load.window.lo is None else walk_window(client, query, load.window)
        for step in steps:
            group.add(step.bodies)
        if group.files:
            load.land(merged_source(group.files), GONE)
            group.clear()
