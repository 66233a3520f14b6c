"""Searches over one type of record: filters, limits, and what a page says beside its records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from connectors.errors import UnexpectedReplyError
from connectors.hubspot.client import Client, fields_of, results_of
from connectors.hubspot.objects import ObjectType
from connectors.landing import Window

SEARCH_PAGE = 200  # HubSpot's maximum for search
LONGEST_SEARCH = 3_000  # characters of a search's body

ID = "hs_object_id"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Filter = dict[str, str]


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
        filters = [*self.filters, *more]
        return orjson.dumps(
            {
                "filterGroups": [{"filters": filters}] if filters else [],
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


def exceeds(name: str, number: int) -> Filter:
    """`name` > a number."""
    return {"propertyName": name, "operator": "GT", "value": str(number)}


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
