"""The history of the deal properties that matter: every value with its time, source and user.

It comes with the rows, where the rows lane of the same run read deals with history. Otherwise (that run died, or this
table is synced alone) it is read here: by list with history, N/50, or by search of ids, N/200, and batch read, N/50.
"""

from collections.abc import Iterator

from connectors.errors import CrmError
from connectors.hubspot.batches import read_batch
from connectors.hubspot.objects import HISTORY_COLUMNS
from connectors.hubspot.parts import Group
from connectors.hubspot.properties import PropertySet
from connectors.hubspot.search import ID, Query
from connectors.hubspot.session import Session
from connectors.hubspot.sources import HISTORY, history_source, kept_history_source
from connectors.hubspot.unread import as_misfits, as_text, left_out, of_checkpoint
from connectors.hubspot.walks import Ask, Step, ahead, fits_address, walk_ids, walk_list, walk_window
from connectors.landing import Checkpoint, OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

SCHEMA = TableSchema.of(HISTORY_COLUMNS)


class HistoryLane:
    """Plans and fetches the lane `history` of deals. HubSpot announces no number of changes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """Nothing to choose before the rows are there."""
        properties = self._session.catalogue.read(self._session.kind(stream.object_name))
        return PlanLine(stream, window, SCHEMA, "with rows", calls=0, details=properties)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land every change of the deals that changed in the window."""
        properties = line.details
        if not isinstance(properties, PropertySet):
            raise TypeError("the history of deals was planned by another lane")
        if load.parts and load.checkpoint is None:
            load.restart()  # a run that died had landed what its rows lane left; that is gone
        carry = self._session.carry
        if carry.covers(load.window):
            if carry.history:
                load.land(kept_history_source(carry.history), HISTORY)
        elif properties.history:
            return Fetched(misfits=as_misfits(self._read(properties, load)))
        return Fetched()

    def _read(self, properties: PropertySet, load: OpenLoad) -> list[str]:
        """Land all that was asked for; the ids of the deals that gave no answer."""
        session, kind = self._session, properties.kind
        ask = Ask((ID,), properties.history)
        group = Group(load, session.pages_per_part)
        resume = load.checkpoint
        unread = of_checkpoint(resume)
        if resume is None and kind.name not in session.ids:
            # of the rows: those that this run could not read, and those that it could because they were left over
            again = read_batch(session.client, kind, left_out(load, rows=2, history=1), ask)
            group.add(again.bodies)
            unread += again.unread
        if resume is None or resume["step"] == "live":
            self._read_live(properties, ask, load, group, unread)
        archived = session.archived.ids(kind, load.window)
        group.add(read_batch(session.client, kind, archived, ask, archived=True).bodies)
        _land(load, group, {"step": "archived", "unread": as_text(unread)})
        return unread

    def _read_live(self, properties: PropertySet, ask: Ask, load: OpenLoad, group: Group, unread: list[str]) -> None:
        place: Checkpoint | None = None
        try:
            for step, bodies in self._walk(properties, ask, load, unread):
                group.add(bodies)
                place = {**step.resume, "step": "live", "unread": as_text(unread)}
                if group.is_full:
                    _land(load, group, place)
        except CrmError:
            if place is not None:
                _land(load, group, place)
            raise
        _land(load, group, {"step": "archived", "unread": as_text(unread)})

    def _walk(
        self, properties: PropertySet, ask: Ask, load: OpenLoad, unread: list[str]
    ) -> Iterator[tuple[Step, tuple[bytes, ...]]]:
        client, kind, window = self._session.client, properties.kind, load.window
        asked = self._session.ids.get(kind.name)
        if asked is not None:
            yield Step((), asked, {"after": 0}), read_batch(client, kind, asked, ask).bodies
            return
        if window.lo is None and fits_address(client, kind, ask):
            for step in ahead(walk_list(client, kind, ask, resume=load.checkpoint)):
                yield step, step.bodies
            return
        query = Query(kind)
        steps = (
            walk_ids(client, query, resume=load.checkpoint)
            if window.lo is None
            else walk_window(client, query, window, resume=load.checkpoint)
        )
        for step in steps:
            batch = read_batch(client, kind, step.ids, ask)
            unread += batch.unread
            yield step, batch.bodies


def _land(load: OpenLoad, group: Group, checkpoint: Checkpoint) -> None:
    if group.files:
        load.land(history_source(group.files), HISTORY, checkpoint=checkpoint)
        group.clear()
