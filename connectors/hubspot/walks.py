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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from connectors.errors import UnexpectedReplyError
from connectors.hubspot.client import Client, address, fields_of, results_of
from connectors.hubspot.objects import ObjectType
from connectors.hubspot.search import ID, Found, Query, above, at_least, below, milliseconds, search
from connectors.landing import Checkpoint, Window

LIST_PAGE = 100  # HubSpot's maximum for list endpoints
HISTORY_PAGE = 50  # the same as soon as history is asked for
LONGEST_ADDRESS = 6_000  # characters; answers become 414 near 8,000


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
    if resume is not None and resume["after"] is None:
        return  # the last page was kept
    query = list_query(ask, archived=archived)
    after = str(resume["after"]) if resume is not None else None
    for page in list_pages(client, "list", client.paths.objects(kind.name), query, after=after):
        if page.ids:
            yield Step((page.body,), page.ids, {"after": page.after})


def ahead(steps: Iterator[Step]) -> Iterator[Step]:
    """The same steps, the next one always under way while the last one is being landed."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, steps, None)
        while (step := coming.result()) is not None:
            coming = reader.submit(next, steps, None)
            yield step


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


def _next_cursor(fields: Mapping[str, object]) -> str | None:
    paging = fields.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    return str(following["after"]) if isinstance(following, dict) and "after" in following else None
