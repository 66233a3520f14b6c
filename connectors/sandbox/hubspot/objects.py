"""List, single read and batch read of records."""

from collections.abc import Mapping, Sequence

import duckdb

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.object_types import LINKED_TO_NOTHING, ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import Projection, project, read_records
from connectors.sandbox.hubspot.replies import (
    batch_body,
    invalid,
    next_page,
    not_found,
    read_flag,
    read_limit,
    read_names,
    results_body,
)
from connectors.sandbox.hubspot.troubles import failed_entries, refuse_bad_id, split_failing

LIST_PAGE = 100  # HubSpot's maximum for list endpoints
HISTORY_PAGE = 50  # the maximum of list and batch read as soon as history is asked for
BATCH_SIZE = 100


def list_page(portal: Portal, call: Call) -> Answer:
    """One page of live or archived records by id; merged-away records are in neither list."""
    kind = portal.object_type(call)
    projection = _query_projection(portal, kind, call)
    limit = read_limit(call, default=10, maximum=HISTORY_PAGE if projection.with_history else LIST_PAGE)
    after = call.query.get("after", "0")
    if not after.isdigit():
        raise invalid(f"Invalid paging cursor {after}", code="INVALID_AFTER", propertyName="after")
    is_archived = read_flag(call, "archived")
    with portal.state.cursor() as cursor:
        listing = portal.listing(cursor, kind, is_archived=is_archived)
        if listing is None:
            rows, last = _read_page(cursor, kind, int(after), limit, is_archived=is_archived)
        else:
            rows, last = listing.page(int(after), limit)
        results = portal.render(cursor, kind, rows, projection, call.base_url)
    # the cursor is the least id that was not shown yet
    return results_body(results, paging=None if last is None else next_page(call, str(last + 1)))


def read_one(portal: Portal, call: Call) -> Answer:
    """One record by id or unique property; a merged id answers under the record that took it in."""
    kind = portal.object_type(call)
    asked = call.path_params["object_id"]
    id_property = _id_property(kind, call.query.get("idProperty"))
    if id_property == "hs_object_id" and not asked.isdigit():
        raise not_found("Object not found.  objectId are usually numeric.")
    with portal.state.cursor() as cursor:
        rows = _find_rows(cursor, kind, [asked], id_property, is_archived=read_flag(call, "archived"))
        if asked not in rows:
            raise not_found()
        projection = _query_projection(portal, kind, call)
        return Answer(read_records(cursor, kind, [rows[asked]], projection, links_from=call.base_url).encode())


def batch_read(portal: Portal, call: Call) -> Answer:
    """Up to 100 records (50 with history) by id; 207 names the ids that are not there."""
    kind = portal.object_type(call)
    body = call.json()
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        raise invalid("Invalid input JSON: inputs is required and must be a list of objects with an id")
    with_history = _string_list(body, "propertiesWithHistory")
    projection = project(
        kind,
        portal.property_types(kind),
        properties=_string_list(body, "properties"),
        with_history=with_history,
    )
    maximum = HISTORY_PAGE if with_history else BATCH_SIZE
    asked = _input_ids(body["inputs"], maximum)
    id_property = _id_property(kind, body.get("idProperty"))
    refuse_bad_id(call, asked)
    answered, failing = split_failing(call, asked)
    with portal.state.cursor() as cursor:
        rows = _find_rows(cursor, kind, answered, id_property, is_archived=read_flag(call, "archived"))
        found = list(dict.fromkeys(rows[key] for key in answered if key in rows))
        results = portal.render(cursor, kind, found, projection)
    missing = [key for key in answered if key not in rows]
    errors = [*_missing_errors(kind, missing), *failed_entries(failing)]
    return batch_body(results, errors=errors, at=portal.state.clock)


def _read_page(
    cursor: duckdb.DuckDBPyConnection, kind: ObjectType, after: int, limit: int, *, is_archived: bool
) -> tuple[list[int], int | None]:
    """Rows from id `after` on, and the last id shown if there are more."""
    keys = cursor.execute(
        f"""
        SELECT rowid, id::BIGINT FROM {kind.table}
        WHERE archived = $archived AND merged_into IS NULL AND id::BIGINT >= $after
        ORDER BY id::BIGINT LIMIT $count""",
        {"archived": is_archived, "after": after, "count": limit + 1},
    ).fetchall()
    return [row for row, _ in keys[:limit]], keys[limit - 1][1] if len(keys) > limit else None


def _query_projection(portal: Portal, kind: ObjectType, call: Call) -> Projection:
    return project(
        kind,
        portal.property_types(kind),
        properties=read_names(call.query.getlist("properties")),
        with_history=read_names(call.query.getlist("propertiesWithHistory")),
        associations=_associated_kinds(portal, read_names(call.query.getlist("associations"))),
    )


def _associated_kinds(portal: Portal, names: Sequence[str]) -> tuple[ObjectType, ...]:
    return tuple(dict.fromkeys(portal.find_object_type(name) for name in names if name not in LINKED_TO_NOTHING))


def _string_list(body: Mapping[str, object], key: str) -> list[str]:
    given = body.get(key) or []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise invalid(f"Invalid input JSON: {key} must be a list of strings")
    return given


def _input_ids(inputs: Sequence[object], maximum: int) -> list[str]:
    if len(inputs) > maximum:
        raise invalid(
            f"The maximum number of inputs supported in a batch request for property histories is {maximum}."
            if maximum == HISTORY_PAGE
            else f"Invalid input: batch size of {len(inputs)} exceeds the limit of {maximum}",
            code="TOO_MANY_INPUTS",
            propertyName="inputs",
        )
    ids = [str(entry["id"]) for entry in inputs if isinstance(entry, dict) and "id" in entry]
    if len(ids) != len(inputs):
        raise invalid("Invalid input JSON: each of inputs must be an object with an id")
    return list(dict.fromkeys(ids))


def _id_property(kind: ObjectType, name: object) -> str:
    if name is None:
        return "hs_object_id"
    if name not in kind.unique_properties:
        raise invalid(f"Property {name} is not a unique property of {kind.plural}", code="INVALID_ID_PROPERTY")
    return str(name)


def _find_rows(
    cursor: duckdb.DuckDBPyConnection,
    kind: ObjectType,
    asked: Sequence[str],
    id_property: str,
    *,
    is_archived: bool,
) -> dict[str, int]:
    """Row of each asked key, through any chain of merges; keys without a record in that state are left out."""
    column = "id" if id_property == "hs_object_id" else f'"{id_property}"'
    # a merge chain is followed until nothing new turns up; three is already rare
    query = f"""
        WITH RECURSIVE followed AS (
            SELECT {column} AS asked, rowid AS row_id, merged_into, archived FROM {kind.table}
            WHERE {column} IN (SELECT unnest($asked::VARCHAR[]))
            UNION
            SELECT followed.asked, winner.rowid, winner.merged_into, winner.archived
            FROM followed INNER JOIN {kind.table} winner ON winner.id = followed.merged_into
        )
        SELECT asked, row_id FROM followed WHERE merged_into IS NULL AND archived = $archived"""
    return dict(cursor.execute(query, {"asked": list(asked), "archived": is_archived}).fetchall())


def _missing_errors(kind: ObjectType, missing: Sequence[str]) -> list[dict[str, object]]:
    if not missing:
        return []
    message = (
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist."
        " Check that ids are valid."
    )
    return [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": list(missing)}}]
