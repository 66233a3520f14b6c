"""CRM search: pages of 200, a wall at 10,000, live records only, and an index that may lag behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.filters import INDEXED, Condition, typed_column, where
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import project
from connectors.sandbox.hubspot.replies import check_limit, invalid, results_body

# HubSpot's search guide
SEARCH_PAGE = 200
DEFAULT_PAGE = 10
RESULT_WALL = 10_000
MAXIMUM_BODY = 3_000  # characters
STALE_SECONDS = 900.0  # how far behind the index is with a record, unless the fault says otherwise


@dataclass(frozen=True)
class _Page:
    limit: int
    offset: int


def search(portal: Portal, call: Call) -> Answer:
    """One page of the live records that match, with the number of all that do."""
    kind = portal.object_type(call)
    if len(call.body) > MAXIMUM_BODY:
        raise invalid(f"The request body has {len(call.body)} characters, the maximum is {MAXIMUM_BODY}")
    body = call.json() if call.body else {}
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: the body must be an object")
    visible = portal.property_types(kind)
    page = _read_page(body)
    indexed = _indexed_stamp(call)
    condition = where(kind, visible, body.get("filterGroups"), indexed)
    _add_visibility(portal, call, kind, body, condition)
    order = _order(kind, visible, body.get("sorts"), indexed, call.fault_of("unordered"))
    wished = body.get("properties") or []
    if not isinstance(wished, list):
        raise invalid("Invalid input JSON: properties must be a list of strings")
    matching = f"FROM {kind.table} WHERE {' AND '.join(condition.sql)}"
    with portal.state.cursor() as cursor:
        counted = cursor.execute(f"SELECT count(*) {matching}", condition.values).fetchone()
        total = int(counted[0]) if counted else 0
        rows = cursor.execute(
            f"SELECT rowid {matching} ORDER BY {order} LIMIT {page.limit} OFFSET {page.offset}", condition.values
        ).fetchall()
        places = [row for (row,) in rows]
        if call.fault_of("unordered") is not None:
            places = [*places[1::2], *places[::2]]
        results = portal.render(cursor, kind, places, project(kind, visible, properties=wished))
    after = page.offset + len(rows)
    paging: dict[str, object] | None = {"next": {"after": str(after)}} if after < total and rows else None
    return results_body(results, paging=paging, total=total)


def _read_page(body: Mapping[str, object]) -> _Page:
    limit, after = body.get("limit", DEFAULT_PAGE), body.get("after") or 0
    if not str(limit).isdigit() or not str(after).isdigit():
        raise invalid("Invalid input JSON: limit and after must be whole numbers", code="INVALID_INTEGER")
    page = _Page(int(str(limit)), int(str(after)))
    check_limit(page.limit, SEARCH_PAGE)
    if page.offset + page.limit > RESULT_WALL:
        raise invalid(
            f"The CRM Search API can only return the first {RESULT_WALL} results of a query, and after={page.offset}"
            f" with limit={page.limit} reaches past them",
            code="SEARCH_WINDOW_EXCEEDED",
            propertyName="after",
        )
    return page


def _add_visibility(
    portal: Portal, call: Call, kind: ObjectType, body: Mapping[str, object], condition: Condition
) -> None:
    condition.sql.append("NOT archived AND merged_into IS NULL")
    lag = call.fault_of("index_lag")
    if lag is not None:
        indexed = portal.state.clock.astimezone(UTC) - timedelta(seconds=lag.seconds)
        condition.sql.append("updated_at <= ?")
        condition.values.append(indexed.replace(tzinfo=None))
    if portal.definitions.row_counts.get("_unindexed"):
        condition.sql.append("id NOT IN (SELECT id FROM hubspot._unindexed WHERE object_type = ? AND until > ?)")
        condition.values.extend([kind.plural, portal.state.clock.astimezone(UTC).replace(tzinfo=None)])
    text = body.get("query")
    if text:
        condition.sql.append("(" + " OR ".join(f'"{name}" ILIKE ?' for name in kind.searched_by_text) + ")")
        condition.values.extend(f"%{text}%" for _ in kind.searched_by_text)


def _indexed_stamp(call: Call) -> str:
    """The modification time that the index knows; a stale one for every twentieth record, where that fault is due."""
    fault = call.fault_of("outside_window")
    if fault is None:
        return INDEXED
    behind = int((fault.seconds or STALE_SECONDS) * 1_000)
    return f"(updated_at - to_milliseconds(CASE WHEN hash(id || {fault.seed}) % 20 = 0 THEN {behind} ELSE 0 END))"


def _order(kind: ObjectType, visible: Mapping[str, str], sorts: object, indexed: str, disorder: Fault | None) -> str:
    if not sorts:
        return "created_at, id::BIGINT"
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("Invalid input JSON: sorts takes one sort", code="TOO_MANY_SORTS", propertyName="sorts")
    name, direction = _read_sort(sorts[0])
    if name not in visible:
        raise invalid(f"Property {name} does not exist and cannot be sorted by", propertyName=name)
    column = typed_column(kind, name, visible[name], indexed)
    if disorder is not None and disorder.seconds and name == kind.modified_property:
        column += f" + to_milliseconds(hash(id || {disorder.seed}) % {int(disorder.seconds * 1_000)})"
    return f"{column} {direction} NULLS LAST, id::BIGINT"


def _read_sort(sort: object) -> tuple[str, str]:
    if isinstance(sort, dict):
        direction = str(sort.get("direction", "ASCENDING"))
        return str(sort.get("propertyName")), "DESC" if direction.upper().startswith("DESC") else "ASC"
    text = str(sort)
    return text.lstrip("-"), "DESC" if text.startswith("-") else "ASC"
