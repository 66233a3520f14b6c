"""Ways through the records of a type, none of which can skip one that changes while it is read.

```
walk_list     GET list by its cursor, archived records on request           100 a page, 50 with history
walk_ids      search by rising id, page after page its own query            200 a page, no wall at 10,000
walk_window   search by rising modification stamp in [lo, hi), likewise     200 a page
```
A search's own cursor counts results, so an edit that takes a record out of the window would shift the rest past the
reader, and it ends at 10,000. Each page is therefore a query of its own, from the last key seen. Search sorts by one
property only: records that share the last stamp come again and are told apart by id, and a stamp that fills a whole
page is read by rising id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import orjson

from connectors.errors import UnexpectedReplyError
from connectors.hubspot.client import Client, address, fields_of, results_of
from connectors.hubspot.objects import ObjectType
from connectors.landing import Checkpoint, Window

LIST_PAGE = 100  # HubSpot's maximum for list endpoints
HISTORY_PAGE = 50  # the same as soon as history is asked for
SEARCH_PAGE = 200  # HubSpot's maximum for search
LONGEST_ADDRESS = 6_000  # characters; answers become 414 near 8,000
LONGEST_SEARCH = 3_000  # characters of a search's body

ID = "hs_object_id"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Filter = dict[str, str]


@dataclass(frozen=True)
class Ask:
    """What to answer with each record."""

    properties: tuple[str, ...] = (ID,)
    history: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """Some records. `ids` are those not given before, `repeated` those in `bodies` that were.

    `resume` is where to go on once everything up to here is kept. `bodies` are answers with `results`.
    """

    bodies: tuple[bytes, ...]
    ids: tuple[str, ...]
    resume: Checkpoint
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """A page of a search: its body, the number of all matches, and the id and stamp of each record in it."""

    body: bytes = field(repr=False)
    total: int
    keys: tuple[tuple[str, int], ...]
    query: bytes = field(repr=False)


@dataclass(frozen=True)
class Query:
    """A search over one type: `filters` all hold, `properties` come back beside id and modification stamp."""

    kind: ObjectType
    filters: tuple[Filter, ...] = ()
    properties: tuple[str, ...] = ()

    def body(self, *more: Filter, sort: str, limit: int = SEARCH_PAGE) -> bytes:
        """The request."""
        names = dict.fromkeys([self.kind.modified, *self.properties])
        return orjson.dumps(
            {
                "filterGroups": [{"filters": [*self.filters, *more]}],
                "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
                "properties": list(names),
                "limit": limit,
            }
        )

    @property
    def fits(self) -> bool:
        """Whether HubSpot accepts the request's length, whatever the keys are."""
        bounds = at_least(self.kind.modified, 10**13), below(self.kind.modified, 10**13), above(10**15)
        return len(self.body(*bounds, sort=self.kind.modified)) <= LONGEST_SEARCH


def at_least(name: str, milliseconds: int) -> Filter:
    """`name` >= a time; HubSpot answers 500 to the epoch itself."""
    return {"propertyName": name, "operator": "GTE", "value": str(max(milliseconds, 1))}


def below(name: str, milliseconds: int) -> Filter:
    """`name` < a time."""
    return {"propertyName": name, "operator": "LT", "value": str(milliseconds)}


def above(record_id: int) -> Filter:
    """Ids that are greater."""
    return {"propertyName": ID, "operator": "GT", "value": str(record_id)}


def equals(name: str, value: str) -> Filter:
    """`name` = a value, as HubSpot writes it."""
    return {"propertyName": name, "operator": "EQ", "value": value}


def has_value(name: str) -> Filter:
    """`name` is set."""
    return {"propertyName": name, "operator": "HAS_PROPERTY"}


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds, HubSpot's own resolution."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def search(client: Client, query: Query, body: bytes) -> Found:
    """One page."""
    reply = client.post("search", client.paths.search(query.kind.name), body)
    fields = fields_of(reply)
    total = fields.get("total")
    if not isinstance(total, int):
        raise UnexpectedReplyError(f"HubSpot's search of {query.kind.name} gave no total; nothing of it was used.")
    found = results_of(fields)
    keys = tuple((str(record["id"]), _stamp(record, query.kind.modified)) for record in found)
    return Found(reply.body, total, keys, body)


def count(client: Client, query: Query, window: Window | None = None) -> int:
    """How many records match now."""
    bounds = _bounds(query.kind, window) if window is not None else ()
    return search(client, query, query.body(*bounds, sort=ID, limit=1)).total


def first_page(client: Client, query: Query, window: Window) -> Found:
    """The page that a walk over `window` begins with; its total is what the walk should find."""
    return search(client, query, _first_body(query, window))


def walk_ids(
    client: Client, query: Query, *, resume: Checkpoint | None = None, first: Found | None = None
) -> Iterator[Step]:
    """All records of `query` by rising id. `first` is its first page, if it is read already."""
    after = int(str(resume["after"])) if resume is not None else 0
    while True:
        body = query.body(above(after), sort=ID)
        page = first if first is not None and first.query == body else search(client, query, body)
        ids = tuple(record_id for record_id, _ in page.keys)
        if ids:
            after = max(after, *(int(record_id) for record_id in ids))
            yield Step((page.body,), ids, {"after": after})
        if page.total <= len(ids) or not ids:
            return


def walk_window(
    client: Client, query: Query, window: Window, *, resume: Checkpoint | None = None, first: Found | None = None
) -> Iterator[Step]:
    """Records of `query` modified in `window`, by rising stamp. `first` is the first page, if it is read already."""
    place = _Place.at(resume) if resume is not None else _Place(milliseconds(window.lo) if window.lo else 1)
    hi = milliseconds(window.hi)
    while place.low < hi:
        page = _page_at(client, query, place, hi, first)
        fresh = tuple(record_id for record_id, _ in page.keys if record_id not in place.seen)
        is_last = page.total <= len(page.keys) or not page.keys
        place_after = place.after(page.keys, is_last=is_last)
        if fresh:
            repeated = frozenset(record_id for record_id, _ in page.keys if record_id in place.seen)
            yield Step((page.body,), fresh, place_after.as_checkpoint(), repeated)
        if is_last and place.equal_after is None:
            return
        place = place_after


def walk_list(
    client: Client, kind: ObjectType, ask: Ask, *, archived: bool = False, resume: Checkpoint | None = None
) -> Iterator[Step]:
    """All live, or all archived, records by the list's own cursor."""
    query = list_query(ask, archived=archived)
    after = str(resume["after"]) if resume is not None else None
    for page in list_pages(client, "list", client.paths.objects(kind.name), query, after=after):
        if page.ids:
            yield Step((page.body,), page.ids, {"after": page.after})


@dataclass(frozen=True)
class ListPage:
    """A page of a list, and the cursor of the next; None at the end."""

    body: bytes = field(repr=False)
    ids: tuple[str, ...]
    after: str | None


def list_pages(
    client: Client, family: str, path: str, query: Mapping[str, str], *, after: str | None = None
) -> Iterator[ListPage]:
    """Every page of a list, from cursor `after` on."""
    while True:
        reply = client.get(family, path, query if after is None else {**query, "after": after})
        fields = fields_of(reply)
        page = ListPage(reply.body, tuple(str(record["id"]) for record in results_of(fields)), _next_cursor(fields))
        yield page
        if page.after is None:
            return
        if page.after == after:
            raise UnexpectedReplyError(f"HubSpot's list {path} does not move on from its cursor {after}. Run again.")
        after = page.after


def list_query(ask: Ask, *, archived: bool = False) -> dict[str, str]:
    """The list's parameters."""
    query = {
        "limit": str(HISTORY_PAGE if ask.history else LIST_PAGE),
        "archived": str(archived).lower(),
        "properties": ",".join(ask.properties),
    }
    if ask.history:
        query["propertiesWithHistory"] = ",".join(ask.history)
    return query


def fits_address(client: Client, kind: ObjectType, ask: Ask) -> bool:
    """Whether a list request for `ask` stays under HubSpot's limit, with room for the cursor."""
    return len(address(client.paths.objects(kind.name), list_query(ask))) <= LONGEST_ADDRESS


@dataclass(frozen=True)
class _Place:
    """Everything below stamp `low` is read, and so are the records in `seen`, stamped `low` or later.

    With `equal_after`, the stamp `low` alone is being read by rising id, up to that one so far.
    """

    low: int
    seen: Mapping[str, int] = field(default_factory=dict)
    equal_after: int | None = None

    def after(self, keys: Sequence[tuple[str, int]], *, is_last: bool) -> "_Place":
        if self.equal_after is not None:
            if is_last:
                return _Place(self.low + 1)
            return replace(self, equal_after=max(int(record_id) for record_id, _ in keys))
        low = max(self.low, keys[-1][1]) if keys else self.low
        # a page out of order shows records later than its last one, which the next page shows again
        seen = {record_id: stamp for record_id, stamp in [*self.seen.items(), *keys] if stamp >= low}
        return _Place(low, seen, None if low > self.low or is_last else 0)

    def as_checkpoint(self) -> dict[str, str | int | None]:
        seen = ";".join(f"{record_id}:{stamp}" for record_id, stamp in self.seen.items())
        return {"low": self.low, "seen": seen, "equal_after": self.equal_after}

    @classmethod
    def at(cls, checkpoint: Checkpoint) -> "_Place":
        pairs = [pair.split(":") for pair in str(checkpoint["seen"]).split(";") if pair]
        equal_after = checkpoint["equal_after"]
        seen = {record_id: int(stamp) for record_id, stamp in pairs}
        return cls(int(str(checkpoint["low"])), seen, None if equal_after is None else int(equal_after))


def _page_at(client: Client, query: Query, place: _Place, hi: int, first: Found | None) -> Found:
    name = query.kind.modified
    if place.equal_after is not None:
        stamp = (at_least(name, place.low), below(name, place.low + 1))
        return search(client, query, query.body(*stamp, above(place.equal_after), sort=ID))
    body = query.body(at_least(name, place.low), below(name, hi), sort=name)
    return first if first is not None and first.query == body else search(client, query, body)


def _first_body(query: Query, window: Window) -> bytes:
    if window.lo is None:
        return query.body(above(0), sort=ID)
    return query.body(*_bounds(query.kind, window), sort=query.kind.modified)


def _bounds(kind: ObjectType, window: Window) -> tuple[Filter, ...]:
    if window.lo is None:
        return ()
    return at_least(kind.modified, milliseconds(window.lo)), below(kind.modified, milliseconds(window.hi))


def _stamp(record: Mapping[str, object], name: str) -> int:
    properties = record.get("properties")
    text = properties.get(name) if isinstance(properties, dict) else None
    if not isinstance(text, str):
        raise UnexpectedReplyError(f"HubSpot sent record {record['id']} without {name}; nothing of the page was used.")
    return int(text) if text.isdigit() else milliseconds(datetime.fromisoformat(text))


def _next_cursor(fields: Mapping[str, object]) -> str | None:
    paging = fields.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    return str(following["after"]) if isinstance(following, dict) and "after" in following else None
