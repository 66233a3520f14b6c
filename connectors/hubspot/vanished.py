"""Records that should be there and are not: found by counting, named by halving, and asked after one by one.

```
HubSpot's count of records ─ as many as the log knows ─► nothing to do (one call for all types)
        │ fewer
count of ids up to the highest known ─► halves that hold too few, until a hundred ids are left ─► batch read by id
                                                                                                     │
        answered under another id: merged ◄── answered as archived: tombstone ◄── nothing: erased ◄──┘
```
A missing record costs about log2(N/100) searches and two batch reads; where many are missing, all ids are searched
instead, N/200 calls. Nothing but an answer to the id itself decides: a search's index may lag behind.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, log2

from connectors.errors import RejectedRequestError
from connectors.hubspot.batches import BATCH, ask_batch
from connectors.hubspot.client import Client, fields_of
from connectors.hubspot.known import MERGED_IDS, live_count, live_ids
from connectors.hubspot.objects import ObjectType
from connectors.hubspot.scratch import ArchivedLists, Scratch
from connectors.hubspot.search import ID, SEARCH_PAGE, Query, above, below, search
from connectors.hubspot.sweeps import begins_day
from connectors.hubspot.walks import Ask, walk_ids
from connectors.landing import OpenLoad, Window
from connectors.streams import Stream

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Vanished:
    """What became of records that are no longer listed.

    `merged` names the record that answers for each; `archived` are answers with `results`; `erased` has no answer.
    """

    merged: Mapping[str, str] = field(default_factory=dict)
    archived: tuple[bytes, ...] = ()
    erased: tuple[str, ...] = ()
    expected: int = 0
    """Records that should be there."""


class VanishedRecords:
    """Looks for them, once per run and type: the deletes lane and the erasures lane both need the answer."""

    def __init__(self, client: Client, scratch: Scratch, archived: ArchivedLists) -> None:
        self._client = client
        self._scratch = scratch
        self._archived = archived
        self._counts: Mapping[str, int] | None = None
        self._is_count_planned = False
        self.asked: Mapping[str, Sequence[str]] = {}
        """Records by type that alone are looked at."""
        self._known: dict[str, Vanished] = {}

    def is_due(self, stream: Stream, window: Window) -> bool:
        """Whether to look at all: at the first run of a day, or where records are asked for by id."""
        return stream.object_name in self.asked or begins_day(window, stream.overlap)

    def is_first_count(self, stream: Stream, window: Window) -> bool:
        """Whether this is the first stream of a run's plan that needs HubSpot's count of records."""
        is_first = not self._is_count_planned and stream.object_name not in self.asked and self.is_due(stream, window)
        self._is_count_planned = self._is_count_planned or is_first
        return is_first

    def read(self, kind: ObjectType, load: OpenLoad, *, gone: Collection[str] = ()) -> Vanished:
        """What vanished from `kind`, those in `gone` left out: their deletion is known already."""
        if kind.name not in self._known:
            self._known[kind.name] = self._look(kind, load, frozenset(gone))
        return self._known[kind.name]

    def forget(self) -> None:
        """Look anew at the next question."""
        self._counts = None
        self._is_count_planned = False
        self._known.clear()

    def _look(self, kind: ObjectType, load: OpenLoad, gone: frozenset[str]) -> Vanished:
        if (asked := self.asked.get(kind.name)) is not None:
            return self._ask(kind, asked)
        left = gone | self._archived.all_ids(kind)
        expected = live_count(self._scratch, load, without=left)
        if not expected or self._count_of(kind) == expected:
            return Vanished()
        known = [record_id for record_id in live_ids(self._scratch, load) if record_id not in left]
        suspects = _Search(self._client, kind).suspects(known)
        found = replace(self._ask(kind, suspects), expected=expected)
        if found.merged or found.archived or found.erased:
            _log.info(
                "%s of HubSpot: %d merged, %d erased, %d pages of archived records were found by their absence.",
                kind.name,
                len(found.merged),
                len(found.erased),
                len(found.archived),
            )
        return found

    def _count_of(self, kind: ObjectType) -> int | None:
        """HubSpot's own count; None if it has none for this type."""
        if self._counts is None:
            try:
                reply = self._client.get("records", self._client.paths.record_counts)
                self._counts = usage_of(fields_of(reply))
            except RejectedRequestError:
                self._counts = {}
        return self._counts.get(kind.type_id)

    def _ask(self, kind: ObjectType, suspects: Sequence[str]) -> Vanished:
        merged: dict[str, str] = {}
        archived: list[bytes] = []
        erased: list[str] = []
        properties = (ID, MERGED_IDS) if kind.can_merge else (ID,)
        for at in range(0, len(suspects), BATCH):
            chunk = suspects[at : at + BATCH]
            records, _ = ask_batch(self._client, kind, chunk, Ask(properties), archived=False)
            silent = self._explain(kind, chunk, records, merged)
            if silent:
                gone, body = ask_batch(self._client, kind, silent, Ask(), archived=True)
                answered = {str(record["id"]) for record in gone}
                archived += [body] if answered else []
                erased += [key for key in silent if key not in answered]
        return Vanished(merged, tuple(archived), tuple(erased))

    def _explain(
        self, kind: ObjectType, asked: Sequence[str], records: Sequence[Mapping[str, object]], merged: dict[str, str]
    ) -> list[str]:
        """The ids that nothing answered to; those that another record answered for go to `merged`."""
        found = {str(record["id"]) for record in records}
        winners = [record for record in records if str(record["id"]) not in asked]
        named = {loser: str(record["id"]) for record in winners for loser in _losers(record)}
        silent = []
        for key in asked:
            if key in found:
                continue
            if key in named:
                merged[key] = named[key]
            elif not winners:
                silent.append(key)
            else:
                # a record that names nobody answered for somebody: whom, only a question about one id tells
                alone, _ = ask_batch(self._client, kind, [key], Ask(), archived=False)
                if alone:
                    merged[key] = str(alone[0]["id"])
                else:
                    silent.append(key)
        return silent


@dataclass(frozen=True)
class _Search:
    """Finds the ids among known ones that HubSpot's index does not hold."""

    client: Client
    kind: ObjectType

    def suspects(self, known: Sequence[str]) -> list[str]:
        """Ids that may be missing: every one that is, and some beside it."""
        total = self._count(known)
        missing = len(known) - total
        if missing <= 0:
            return []
        halvings = ceil(log2(max(2, len(known) / BATCH)))
        if missing * (halvings + 1) >= ceil(len(known) / SEARCH_PAGE):
            listed = {key for step in walk_ids(self.client, Query(self.kind)) for key in step.ids}
            return [key for key in known if key not in listed]
        return list(self._narrow(known, total))

    def _narrow(self, ids: Sequence[str], total: int) -> Iterator[str]:
        if len(ids) <= BATCH:
            yield from ids
            return
        middle = len(ids) // 2
        left, right = ids[:middle], ids[middle:]
        in_left = self._count(left)
        if in_left < len(left):
            yield from self._narrow(left, in_left)
        if total - in_left < len(right):
            yield from self._narrow(right, total - in_left)

    def _count(self, ids: Sequence[str]) -> int:
        """How many records HubSpot has from the first to the last of these."""
        query = Query(self.kind)
        bounds = above(int(ids[0]) - 1), below(ID, int(ids[-1]) + 1)
        return search(self.client, query, query.body(*bounds, sort=ID, limit=1)).total


def _losers(record: Mapping[str, object]) -> list[str]:
    properties = record.get("properties")
    text = properties.get(MERGED_IDS) if isinstance(properties, dict) else None
    return [key.strip() for key in str(text).split(";")] if text else []


def usage_of(fields: Mapping[str, object]) -> dict[str, int]:
    """Records by object type id. UNVERIFIED on a portal: whether archived records count; a difference asks further."""
    custom = fields.get("customObjectTypes")
    lists = [fields.get("hubspotDefinedObjectTypes"), custom.get("byObjectType") if isinstance(custom, dict) else None]
    entries = [entry for found in lists if isinstance(found, list) for entry in found if isinstance(entry, dict)]
    return {
        str(entry["objectTypeId"]): int(str(entry["usage"]))
        for entry in entries
        if "objectTypeId" in entry and str(entry.get("usage", "")).isdigit()
    }
