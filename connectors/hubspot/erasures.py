"""People whom the portal forgot for good: the warehouse and its log have to forget them, too.

What neither the list of live nor that of archived records knows, and no merge explains, was deleted for privacy (or
for ever). It cannot be undone, so nothing is erased where a whole part of the portal stays silent: that is more likely
a permission that was taken away.
"""

from connectors.errors import UnexpectedReplyError
from connectors.hubspot.session import Session
from connectors.hubspot.sources import LISTED, ids_source
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

SCHEMA = TableSchema.of({"id": "VARCHAR"})
MOST_AT_ONCE = 1_000  # records; HubSpot's own tools for privacy deletions take a hundred
FEW, SHARE = 20, 0.05  # of what is known: a token that may see its owner's records only silences far more


class ErasuresLane:
    """Plans and fetches the lane `erasures` of every type of record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """What is missing is known when the deletes are."""
        self._session.catalogue.read(self._session.kind(stream.object_name))
        return PlanLine(stream, window, SCHEMA, "with deletes", calls=0)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the ids of the records that are gone without a trace.

        Raises:
            UnexpectedReplyError: there are so many that a person must look.
        """
        if load.parts:
            load.restart()
        kind = self._session.kind(line.stream.object_name)
        if not self._session.vanished.is_due(line.stream, load.window):
            return Fetched(expected_rows=0)
        vanished = self._session.vanished.read(kind, load, gone=self._session.merged)
        erased = vanished.erased
        if len(erased) > MOST_AT_ONCE or (len(erased) > FEW and len(erased) > SHARE * vanished.expected):
            raise UnexpectedReplyError(
                f"{len(erased)} records of {kind.name} are gone from HubSpot without a trace, more than people erase "
                "in a day. Check that the token still may read all of them; nothing was erased here."
            )
        if erased:
            load.land(ids_source(erased), LISTED)
        return Fetched(expected_rows=len(erased))
