"""Records with all their properties: the first load and what changed since, archived records included.

Which way takes the fewest calls (N live or changed records; names are the portal's properties):

    deals, first load       list with history, N/50            or, if the names are too long for an address,
                            search of ids, N/200, and batch read with history, N/50
    deals, changes          search of ids, N/200, and batch read with history, N/50
    others                  search with the names, N/200       or, if they are too long for a search,
                            list, N/100 (first load), or search of ids, N/200, and batch read, N/100 (changes)

Deals are thus read once for both rows and history: the history goes to the history lane through `Carry`. Archived
records are in no search, so their list is read each time; those archived in the window are then read by id and land as
they were when they were archived. The deletes lane flags them, behind its brake.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from connectors.errors import CountMismatchError, CrmError, UnexpectedReplyError
from connectors.hubspot.batches import batch_size, read_batch
from connectors.hubspot.mending import TEXT_MISFITS
from connectors.hubspot.objects import NUMBER_SCALE, ObjectType
from connectors.hubspot.parts import Group
from connectors.hubspot.properties import PropertySet
from connectors.hubspot.search import SEARCH_PAGE, Found, Query, count, first_page
from connectors.hubspot.session import Session
from connectors.hubspot.sources import RECORD, records_source
from connectors.hubspot.unread import as_misfits, as_text, left_out, of_checkpoint
from connectors.hubspot.values import add_misfits, find_misfits
from connectors.hubspot.walks import (
    HISTORY_PAGE,
    LIST_PAGE,
    Ask,
    Step,
    ahead,
    fits_address,
    walk_ids,
    walk_list,
    walk_window,
)
from connectors.landing import Checkpoint, OpenLoad, Window
from connectors.streams import Fetched, PlanLine, Stream

_log = logging.getLogger(__name__)


@dataclass
class RowsPlan:
    """How the live records will be read. `query` is the search that finds them, `total` what it counts."""

    properties: PropertySet
    ask: Ask
    query: Query
    is_list: bool
    is_batched: bool
    total: int
    first: Found | None = None
    ids: tuple[str, ...] | None = None
    """The only records to read, whenever they changed."""
    replaced: int = 0
    """Characters of `first` that were no text."""

    @property
    def kind(self) -> ObjectType:
        """The type of record."""
        return self.properties.kind

    @property
    def api(self) -> str:
        """The way's name."""
        if self.ids is not None:
            return "batch read"
        if self.is_list:
            return "list"
        return "search + batch read" if self.is_batched else "search"

    @property
    def calls(self) -> int:
        """Calls for the live records, the first page of a search not counted: it is read already."""
        if self.ids is not None:
            return ceil(self.total / batch_size(self.ask))
        if self.is_list:
            return max(1, ceil(self.total / (HISTORY_PAGE if self.ask.history else LIST_PAGE)))
        searches = max(0, ceil(self.total / SEARCH_PAGE) - 1)
        return searches + (ceil(self.total / batch_size(self.ask)) if self.is_batched else 0)

    def take_first(self) -> Found | None:
        """The first page, once: when a load is begun again, it is old."""
        first, self.first = self.first, None
        return first


class RowsLane:
    """Plans and fetches the lane `rows` of every type of record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """Choose the way, and count what it should find."""
        properties = self._session.catalogue.read(self._session.kind(stream.object_name))
        asked = self._session.ids.get(properties.kind.name)
        before = self._session.client.mender.replaced
        plan = self._choose(properties, window) if asked is None else _plan_ids(properties, asked)
        self._session.planned[properties.kind.name] = plan.total
        plan.replaced = self._session.client.mender.replaced - before
        return PlanLine(
            stream,
            window,
            properties.schema,
            plan.api,
            plan.total,
            plan.calls,
            plan,
            withheld=properties.withheld,
            hashed=properties.hashed,
        )

    def estimate(self, line: PlanLine) -> PlanLine:
        """The same with what the archived records cost: their list, and those of the window by id."""
        plan = line.details
        if not isinstance(plan, RowsPlan) or plan.ids is not None or line.calls is None:
            return line
        lists = self._session.archived
        archived = lists.count_pages(plan.kind) + ceil(lists.count_known(plan.kind, line.window) / batch_size(plan.ask))
        return replace(line, calls=line.calls + archived)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the live records of the window, then those archived in it.

        Raises:
            CountMismatchError: HubSpot counts more records than it gave.
        """
        if not isinstance(line.details, RowsPlan):
            raise TypeError(f"the rows of {line.stream.object_name} were planned by another lane")
        mender = self._session.client.mender
        before = mender.replaced
        reading = _Reading(self._session, line.details, load)
        reading.read_live()
        reading.check_total()
        reading.read_archived()
        if replaced := line.details.replaced + mender.replaced - before:
            reading.misfits[TEXT_MISFITS] = replaced
        return Fetched(expected_rows=reading.rows, misfits=reading.misfits | as_misfits(reading.unread))

    def _choose(self, properties: PropertySet, window: Window) -> RowsPlan:
        client, kind = self._session.client, properties.kind
        ask = Ask(properties.asked, properties.history)
        ids, whole = Query(kind), Query(kind, properties=properties.asked)
        is_searched = whole.fits and not ask.history
        if window.lo is None and not is_searched and fits_address(client, kind, ask):
            return RowsPlan(properties, ask, ids, is_list=True, is_batched=False, total=count(client, ids))
        query = whole if is_searched else ids
        first = first_page(client, query, window)
        return RowsPlan(
            properties, ask, query, is_list=False, is_batched=not is_searched, total=first.total, first=first
        )


def _plan_ids(properties: PropertySet, ids: tuple[str, ...]) -> RowsPlan:
    ask = Ask(properties.asked, properties.history)
    query = Query(properties.kind)
    return RowsPlan(properties, ask, query, is_list=False, is_batched=True, total=len(ids), ids=ids)


class _Reading:
    """One fetch. `rows` is what the load should hold; `live` counts the records that the walk has given."""

    def __init__(self, session: Session, plan: RowsPlan, load: OpenLoad) -> None:
        self._session = session
        self._plan = plan
        self._load = load
        self._group = Group(load, session.pages_per_part)
        self._resume = load.checkpoint
        self.rows = load.rows_landed
        self.misfits: dict[str, int] = {}
        self._not_live: list[str] = []
        self.unread = of_checkpoint(self._resume)
        self.live = 0 if self._resume is None else int(str(self._resume["live"]))
        self._ask = plan.ask
        if plan.kind.history and self._resume is None:
            session.carry.begin(load.window)
        elif plan.kind.history:
            # what the lost run read is not here, so the history lane reads for itself
            session.carry.drop()
            self._ask = Ask(plan.ask.properties)

    def read_live(self) -> None:
        """Land everything that the walk gives, part by part."""
        if self._resume is not None and self._resume["step"] != "live":
            return
        place: Checkpoint | None = None
        if self._resume is None and self._plan.ids is None:
            self._read_batch(left_out(self._load, rows=1))
        try:
            for step in self._walk():
                self._take(step)
                place = {**step.resume, "step": "live", "live": self.live, "unread": as_text(self.unread)}
                if self._group.is_full:
                    self._land(place)
        except CrmError:
            # calls that were made are not made again, whether the limit is reached or the line is down
            if place is not None and self._group.files:
                self._land(place)
            raise
        if self._group.files:
            self._land({"step": "archived", "live": self.live, "unread": as_text(self.unread)})

    def _read_batch(self, ids: Sequence[str]) -> None:
        batch = read_batch(self._session.client, self._plan.kind, ids, self._ask)
        self._group.add(batch.bodies, batch.ids)
        self._not_live += batch.missing
        self.unread += batch.unread

    def _take(self, step: Step) -> None:
        if self._plan.is_batched:
            self._read_batch(step.ids)
        else:
            self._group.add(step.bodies, step.ids, step.repeated)
        self.live += len(step.ids)

    def check_total(self) -> None:
        """Compare with HubSpot's count; what was archived since the window's end left the count and not the list."""
        if self._plan.ids is not None or (self.live == self._plan.total and self._resume is None):
            return
        kind, window = self._plan.kind, self._load.window
        now = count(self._session.client, self._plan.query, window)
        left = self._session.archived.count_since(kind, window.hi)
        if self.live + left < now:
            raise CountMismatchError(
                f"HubSpot counts {now} records of {kind.name} in {window} and gave {self.live}. Nothing was committed; "
                "run again, and if it stays so, compare the count in HubSpot's index page of these records.",
                expected=now,
                landed=self.live,
            )

    def read_archived(self) -> None:
        """Land the records that were archived in the window, as they were then."""
        kind = self._plan.kind
        ids = self._not_live if self._plan.ids is not None else self._session.archived.ids(kind, self._load.window)
        size = batch_size(self._ask) * self._session.pages_per_part
        done = int(str(self._resume.get("done") or 0)) if self._resume is not None else 0
        for at in range(done, len(ids), size):
            batch = read_batch(self._session.client, kind, ids[at : at + size], self._ask, archived=True)
            self._group.add(batch.bodies, batch.ids)
            place: Checkpoint = {
                "step": "archived",
                "live": self.live,
                "done": at + size,
                "unread": as_text(self.unread),
            }
            self._land(place, is_live=False)
        if kind.history and self._resume is None:
            self._session.carry.finish()

    def _walk(self) -> Iterator[Step]:
        client, plan, window = self._session.client, self._plan, self._load.window
        if plan.ids is not None:
            return iter([Step((), plan.ids, {"after": 0})])
        if plan.is_list:
            steps = walk_list(client, plan.kind, self._ask, resume=self._resume)
        elif window.lo is None:
            steps = walk_ids(client, plan.query, resume=self._resume, first=plan.take_first())
        else:
            steps = walk_window(client, plan.query, window, resume=self._resume, first=plan.take_first())
        return ahead(steps)

    def _land(self, checkpoint: Checkpoint, *, is_live: bool = True) -> None:
        group, properties = self._group, self._plan.properties
        if not group.files:
            return
        known = group.repeated - set(group.ids)
        try:
            self._load.land(records_source(group.files, properties, without=known), RECORD, checkpoint=checkpoint)
        except UnexpectedReplyError:
            if not self._report_misfits(group.files):
                raise
            source = records_source(group.files, properties, without=known, lenient=True)
            self._load.land(source, RECORD, checkpoint=checkpoint)
        self.rows += len(set(group.ids))
        # HubSpot tells no links of archived deals, so their ids are of no use to the lanes after this one
        live_ids = group.ids if is_live else ()
        if self._plan.kind.history:
            self._session.carry.keep(live_ids, group.files, has_history=bool(self._ask.history))
        if self._load.window.lo is not None:  # of a first load, millions would be kept, and for nothing
            self._session.read_now.setdefault(self._plan.kind.name, set()).update(live_ids)
        group.clear()

    def _report_misfits(self, files: Sequence[Path]) -> bool:
        """Whether values that do not fit their property's type explain a failure; they are counted in the log."""
        found = find_misfits(self._session.scratch.query, files, self._plan.properties)
        for name, nulls, rounded in found:
            if nulls:
                _log.warning(
                    "HubSpot sent %s values of %s.%s that do not fit the property's type; they are null in this load, "
                    "and kept as they came in the column unfit_values. Correct them in HubSpot, or change the "
                    "property's type.",
                    nulls,
                    self._plan.kind.name,
                    name,
                )
            if rounded:
                _log.warning(
                    "HubSpot sent %s values of %s.%s with more than %s decimals; they are rounded in this load, and "
                    "kept as they came in the column unfit_values.",
                    rounded,
                    self._plan.kind.name,
                    name,
                    NUMBER_SCALE,
                )
        add_misfits(self.misfits, found)
        return bool(found)
