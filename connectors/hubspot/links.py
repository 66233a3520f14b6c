"""Which companies, contacts and activities belong to a deal: all links of each deal that is asked about.

Asked about are the deals that changed, N/1000 calls for each linked type. A link that is made or removed does not
move a deal's modification stamp, so a night's share of the open deals is read as well (as many as make a batch full),
all deals in the first run of a week, and at once the deals that were linked with a record that was merged away. Links
of a type that the token may not read stay as they are.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from math import ceil
from pathlib import Path

from connectors.errors import NoAccessError, UnexpectedReplyError
from connectors.hubspot.batches import WORKERS
from connectors.hubspot.client import Client, fields_of, results_of
from connectors.hubspot.known import IS_CLOSED, linked_deals, live_ids, open_ids, read_until
from connectors.hubspot.objects import LINK_COLUMNS, LINKED_TYPES, ObjectType
from connectors.hubspot.properties import PropertySet
from connectors.hubspot.search import Query, equals
from connectors.hubspot.session import Session
from connectors.hubspot.sources import LINK, deal_and_type, links_source
from connectors.hubspot.sweeps import begins_day, begins_week, share_of_night
from connectors.hubspot.walks import Step, walk_ids, walk_window
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

INPUTS = 1_000  # since 10 February 2025; pages that say 100 still circulate
SCHEMA = TableSchema.of(LINK_COLUMNS)

_NO_LINKS = "crm.associations.NO_ASSOCIATIONS_FOUND"

_log = logging.getLogger(__name__)


class LinksLane:
    """Plans and fetches the lane `associations` of deals. HubSpot announces no number of links."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """The deals to ask about are known when the rows are there."""
        properties = self._session.catalogue.read(self._session.kind(stream.object_name))
        deals = self._session.planned.get(stream.object_name)
        calls = None
        if deals is not None:
            swept = 0 if window.lo is None else INPUTS // 2
            calls = len(LINKED_TYPES) * ceil((deals + swept) / INPUTS)
        return PlanLine(stream, window, SCHEMA, "batch read", calls=calls, details=properties)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land all links of every deal that is asked about, a thousand deals a part.

        Raises:
            NoAccessError: the token may read none of the linked types.
        """
        properties = line.details
        if not isinstance(properties, PropertySet):
            raise TypeError("the links of deals were planned by another lane")
        done = int(str(load.checkpoint["after"])) if load.checkpoint is not None else 0
        waiting = self._deals(properties, load, line.stream, after=done)
        kinds: Sequence[str] = LINKED_TYPES
        while chunk := list(islice(waiting, INPUTS)):
            kinds = self._land_links(chunk, kinds, properties, load)
        return Fetched()

    def _deals(self, properties: PropertySet, load: OpenLoad, stream: Stream, *, after: int) -> Iterator[str]:
        """Ids above `after`, rising: of the deals that changed, and of those that are looked at again."""
        client, kind, carry, window = self._session.client, properties.kind, self._session.carry, load.window
        if (ids := self._session.ids.get(kind.name)) is not None:
            return iter(sorted((record_id for record_id in ids if int(record_id) > after), key=int))
        if window.lo is None and not carry.covers(window):
            return _ids(walk_ids(client, Query(kind), resume={"after": after}))
        asked = set(carry.ids if carry.covers(window) else _ids(walk_window(client, Query(kind), window)))
        asked.update(self._again(properties, load, stream, changed=len(asked)))
        return iter(sorted((record_id for record_id in asked if int(record_id) > after), key=int))

    def _again(self, properties: PropertySet, load: OpenLoad, stream: Stream, *, changed: int) -> Sequence[str]:
        """Deals whose links may have changed without them: linked to what was merged, a share of the open ones, all."""
        scratch, window = self._session.scratch, load.window
        if window.lo is None:
            return ()
        if begins_week(window, stream.overlap):
            return live_ids(scratch, load)
        moved = linked_deals(scratch, load, self._session.merged)
        if not begins_day(window, stream.overlap) or IS_CLOSED not in properties.asked:
            return moved
        known = open_ids(scratch, load)
        if read_until(load) is None:  # this table is synced alone
            known = list(_ids(walk_ids(self._session.client, Query(properties.kind, (equals(IS_CLOSED, "false"),)))))
        # no more than what makes the last batch full, or one batch if there is hardly any room
        room = -(changed + len(moved)) % INPUTS
        return [*moved, *share_of_night(known, room if room >= INPUTS // 2 else room + INPUTS, window.hi)]

    def _land_links(
        self, ids: Sequence[str], kinds: Sequence[str], properties: PropertySet, load: OpenLoad
    ) -> Sequence[str]:
        """Land the links of `ids`; the linked types that the token may read."""
        readable: list[str] = []
        pages: list[tuple[str, Path]] = []
        covered: list[str] = []
        unread: set[str] = set()
        refused: NoAccessError | None = None
        for answers in self._ask(ids, kinds, properties.kind):
            if answers.refusal is not None:
                _log.warning("Links from deals to %s are left out. %s", answers.to_kind, answers.refusal)
                refused = answers.refusal
                continue
            readable.append(answers.to_kind)
            unread |= answers.unread
            covered += [deal_and_type(key, answers.to_kind) for key in ids if key not in answers.unread]
            pages += answers.spool(load)
        if refused is not None and not readable:
            raise refused
        if unread:
            _log.warning("HubSpot gives no answer about the links of %d deals; they stay as they are.", len(unread))
        load.land(links_source(pages), LINK, checkpoint={"after": ids[-1]}, covers=covered)
        for _, path in pages:
            path.unlink()
        return readable

    def _ask(self, ids: Sequence[str], kinds: Sequence[str], kind: ObjectType) -> list["_Answers"]:
        """The answers about every linked type, some under way together."""
        answers = [_Answers(self._session.client, kind.name, to_kind) for to_kind in kinds]
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda answer: answer.read(ids), answers))
        return answers


class _Answers:
    """All pages of some records' links to one type: a record with many has a cursor of its own.

    `unread` are the records that HubSpot reports an error for, other than that they have no such links; `refusal`
    says that the token may not read these links at all.
    """

    def __init__(self, client: Client, kind: str, to_kind: str) -> None:
        self.to_kind = to_kind
        self.unread: set[str] = set()
        self.refusal: NoAccessError | None = None
        self._client = client
        self._path = client.paths.associations(kind, to_kind)
        self._bodies: list[bytes] = []

    def read(self, ids: Sequence[str]) -> None:
        """Ask about these records until nothing more is to come."""
        try:
            self._read_pages([{"id": record_id} for record_id in ids])
        except NoAccessError as error:
            self.refusal = error

    def spool(self, load: OpenLoad) -> list[tuple[str, Path]]:
        """The pages as files, each with the type that it links to."""
        pages = []
        for number, body in enumerate(self._bodies):
            path = load.spool(f"{self.to_kind}-{number:06d}.json")
            path.write_bytes(body)
            pages.append((self.to_kind, path))
        return pages

    def _read_pages(self, inputs: Sequence[dict[str, str]]) -> None:
        again: set[str] = set()
        while inputs:
            reply = self._client.post("associations", self._path, {"inputs": inputs})
            self._bodies.append(reply.body)
            fields = fields_of(reply)
            failed = _failed(fields)
            self.unread |= failed & again
            following = [_next_input(result) for result in results_of(fields)]
            following += [{"id": record_id} for record_id in failed - again]
            again |= failed
            sent, inputs = inputs, [entry for entry in following if entry is not None]
            if inputs == sent:
                raise UnexpectedReplyError(f"HubSpot's {self._path} does not move on from its cursor. Run again.")


def _next_input(result: Mapping[str, object]) -> dict[str, str] | None:
    paging, record = result.get("paging"), result.get("from")
    following = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(following, dict) or not isinstance(record, dict):
        return None
    return {"id": str(record["id"]), "after": str(following["after"])}


def _failed(fields: Mapping[str, object]) -> set[str]:
    """Records that a 207 reports an error for; that one has no links is none."""
    errors = fields.get("errors")
    failed: set[str] = set()
    for error in errors if isinstance(errors, list) else []:
        context = error.get("context") if error.get("subCategory") != _NO_LINKS else None
        ids = context.get("fromObjectId") if isinstance(context, dict) else None
        failed.update(str(key) for key in ids) if isinstance(ids, list) else None
    return failed


def _ids(steps: Iterator[Step]) -> Iterator[str]:
    for step in steps:
        yield from step.ids
