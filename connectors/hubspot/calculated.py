"""Values that HubSpot computes: they change without moving a record's stamp, so they are read for their own sake.

Only these properties are asked for, a hundred records a call: of open deals each night, as many as fit a night's
share, and of every record in the first run of a week. Rows that were read in the same run are left out.
"""

from collections.abc import Sequence

from connectors.hubspot.batches import BATCH, read_batch
from connectors.hubspot.known import IS_CLOSED, live_ids, open_ids, read_until, was_begun_since
from connectors.hubspot.objects import LAG
from connectors.hubspot.parts import Group
from connectors.hubspot.properties import PropertySet
from connectors.hubspot.session import Session
from connectors.hubspot.sources import PATCH, patch_schema, patch_source
from connectors.hubspot.sweeps import begins_week, share_of_night
from connectors.hubspot.values import add_misfits, find_misfits
from connectors.hubspot.walks import Ask
from connectors.landing import OpenLoad, Window
from connectors.streams import Fetched, PlanLine, Stream

RECORDS_PER_NIGHT = 500  # five calls: what a night may cost, whatever the portal's size


class CalculatedLane:
    """Plans and fetches the lane `calculated` of every type of record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """Nothing, where the portal computes nothing that the rules let through."""
        properties = self._session.catalogue.read(self._session.kind(stream.object_name))
        chosen = properties.only(properties.calculated)
        schema = patch_schema(chosen)
        is_week = window.lo is not None and begins_week(window, stream.overlap)
        is_night = window.lo is not None and IS_CLOSED in chosen.kind.columns
        # of a week all records that the log knows, of a night so many at most
        calls = None if is_week else RECORDS_PER_NIGHT // BATCH if is_night else 0
        calls = calls if chosen.asked else 0
        return PlanLine(stream, window, schema, "batch read", calls=calls, hashed=chosen.hashed, details=chosen)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the computed values of tonight's records."""
        chosen = line.details
        if not isinstance(chosen, PropertySet):
            raise TypeError(f"the computed values of {line.stream.object_name} were planned by another lane")
        ids = self._ids(chosen, line.stream, load) if chosen.asked else []
        done = int(str(load.checkpoint["after"])) if load.checkpoint is not None else 0
        ids = [key for key in ids if int(key) > done]
        misfits: dict[str, int] = {}
        size = BATCH * self._session.pages_per_part
        for at in range(0, len(ids), size):
            chunk = ids[at : at + size]
            group = Group(load)
            group.add(read_batch(self._session.client, chosen.kind, chunk, Ask(chosen.asked)).bodies)
            add_misfits(misfits, find_misfits(self._session.scratch.query, group.files, chosen))
            load.land(patch_source(group.files, chosen), PATCH, checkpoint={"after": chunk[-1]})
            group.clear()
        return Fetched(misfits=misfits)

    def _ids(self, chosen: PropertySet, stream: Stream, load: OpenLoad) -> Sequence[str]:
        scratch, window = self._session.scratch, load.window
        if (asked := self._session.ids.get(chosen.kind.name)) is not None:
            return sorted(asked, key=int)
        if read_until(load) is None or was_begun_since(load, window.hi - 2 * LAG):
            return []  # there are no rows to patch, or all of them have just been read
        fresh = self._session.read_now.get(chosen.kind.name, set())
        if begins_week(window, stream.overlap):
            return [key for key in live_ids(scratch, load) if key not in fresh]
        if IS_CLOSED not in chosen.kind.columns:
            return []
        tonight = share_of_night(open_ids(scratch, load), RECORDS_PER_NIGHT, window.hi)
        return [key for key in tonight if key not in fresh]
