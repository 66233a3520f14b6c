"""Some properties of every record: those that became readable after the records had been read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.errors import CrmError
from connectors.hubspot.parts import Group
from connectors.hubspot.properties import PropertySet
from connectors.hubspot.search import SEARCH_PAGE, Query, count
from connectors.hubspot.session import Session
from connectors.hubspot.sources import PATCH, patch_schema, patch_source
from connectors.hubspot.values import add_misfits, find_misfits
from connectors.hubspot.walks import LIST_PAGE, Ask, Step, ahead, walk_ids, walk_list
from connectors.landing import Checkpoint, OpenLoad, Window
from connectors.streams import Fetched, PlanLine, Stream


class BackfillLane:
    """Plans and fetches the lane `backfill`: by search, N/200, or by list, N/100, where the names are too many."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan_columns(self, stream: Stream, columns: Sequence[str], window: Window) -> PlanLine:
        """The reading of `columns`, those of them that the portal shows now."""
        properties = self._session.catalogue.read(self._session.kind(stream.object_name))
        chosen = properties.only(columns)
        query = Query(chosen.kind, properties=chosen.asked)
        total = count(self._session.client, Query(chosen.kind)) if chosen.asked else 0
        return PlanLine(
            stream,
            window,
            patch_schema(chosen),
            "search" if query.fits else "list",
            total,
            -(-total // (SEARCH_PAGE if query.fits else LIST_PAGE)),
            chosen,
            hashed=chosen.hashed,
        )

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """A backfill of nothing: it is planned by `plan_columns`."""
        return self.plan_columns(stream, (), window)

    def estimate(self, line: PlanLine) -> PlanLine:
        """The same with the list of archived records, which are filled, too."""
        chosen = line.details
        if not isinstance(chosen, PropertySet) or not chosen.asked or line.calls is None:
            return line
        return replace(line, calls=line.calls + self._session.archived.count_pages(chosen.kind))

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the properties of live records, then of archived ones."""
        chosen = line.details
        if not isinstance(chosen, PropertySet):
            raise TypeError(f"the backfill of {line.stream.object_name} was planned by another lane")
        misfits: dict[str, int] = {}
        if chosen.asked:
            resume = load.checkpoint
            if resume is None or resume["step"] == "live":
                self._land(self._live(chosen, resume), chosen, load, "live", misfits)
                resume = None
            archived = walk_list(self._session.client, chosen.kind, Ask(chosen.asked), archived=True, resume=resume)
            self._land(archived, chosen, load, "archived", misfits)
        return Fetched(misfits=misfits)

    def _live(self, chosen: PropertySet, resume: Checkpoint | None) -> Iterator[Step]:
        query = Query(chosen.kind, properties=chosen.asked)
        if query.fits:
            return ahead(walk_ids(self._session.client, query, resume=resume))
        return ahead(walk_list(self._session.client, chosen.kind, Ask(chosen.asked), resume=resume))

    def _land(
        self, steps: Iterator[Step], chosen: PropertySet, load: OpenLoad, name: str, misfits: dict[str, int]
    ) -> None:
        group, place = Group(load, self._session.pages_per_part), None
        try:
            for step in steps:
                group.add(step.bodies)
                place = {**step.resume, "step": name}
                if group.is_full:
                    self._land_group(group, chosen, place, misfits)
        except CrmError:
            if place is not None:
                self._land_group(group, chosen, place, misfits)
            raise
        if place is not None:
            self._land_group(group, chosen, place, misfits)

    def _land_group(self, group: Group, chosen: PropertySet, place: Checkpoint, misfits: dict[str, int]) -> None:
        if not group.files:
            return
        add_misfits(misfits, find_misfits(self._session.scratch.query, group.files, chosen))
        group.load.land(patch_source(group.files, chosen), PATCH, checkpoint=place)
        group.clear()
