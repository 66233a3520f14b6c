"""Associations v4: batch read of up to 1,000 records, each paged by its own cursor, and the page of one record."""

import base64
from collections.abc import Mapping

import duckdb
import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.rendered import Links
from connectors.sandbox.hubspot.replies import (
    batch_body,
    check_limit,
    invalid,
    next_page,
    read_limit,
    results_body,
)
from connectors.sandbox.hubspot.troubles import failed_entries, refuse_bad_id, split_failing

INPUTS = 1_000  # since 10 February 2025; pages that say 100 still circulate
PAGE = 500  # links of one record per answer


def batch_read(portal: Portal, call: Call) -> Answer:
    """Links of many records; those without any are errors of a 207, as HubSpot has it."""
    kind, to_kind = portal.object_type(call), portal.object_type(call, "to_kind")
    asked = _read_inputs(call.json())
    refuse_bad_id(call, list(asked))
    answered, failing = split_failing(call, list(asked))
    with portal.state.cursor() as cursor:
        first_pages = portal.links(kind, to_kind, lambda: _read_all_links(cursor, kind, to_kind))
        if first_pages is None or any(asked[key] for key in answered):
            links = _read_links(cursor, kind, to_kind, {key: asked[key] for key in answered}, PAGE)
        else:
            links = {key: first_pages[key] for key in answered if key in first_pages}
    addresses = f"{call.base_url}/crm/v4/objects/{kind.plural}/%s/associations/{to_kind.plural}"
    results = ",".join(
        f'{{"from":{{"id":"{key}"}},"to":[{to}]{_paging(addresses % key, kind, last)}}}'
        for key, (to, last) in links.items()
    )
    errors = [_no_associations(kind, to_kind, key) for key in answered if key not in links]
    errors += failed_entries(failing, "fromObjectId")
    return batch_body(results, errors=errors, at=portal.state.clock)


def read_page(portal: Portal, call: Call) -> Answer:
    """One page of one record's links."""
    kind, to_kind = portal.object_type(call), portal.object_type(call, "to_kind")
    limit = read_limit(call, default=PAGE, maximum=PAGE)
    key = call.path_params["object_id"]
    with portal.state.cursor() as cursor:
        links = _read_links(cursor, kind, to_kind, {key: _read_cursor(call.query.get("after"))}, limit)
    to, last = links.get(key, ("", None))
    return results_body(to, paging=next_page(call, _cursor(kind, last)) if last else None)


def _read_inputs(body: object) -> dict[str, int]:
    """Asked ids with the last linked id that each has had; 0 from the start."""
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not all(isinstance(entry, dict) and "id" in entry for entry in inputs):
        raise invalid("Invalid input JSON: inputs is required and must be a list of objects with an id")
    if len(inputs) > INPUTS:
        raise invalid(f"Batch size of {len(inputs)} exceeds the maximum of {INPUTS}", code="TOO_MANY_INPUTS")
    check_limit(max(len(inputs), 1), INPUTS)
    return {str(entry["id"]): _read_cursor(entry.get("after")) for entry in inputs}


def _read_links(
    cursor: duckdb.DuckDBPyConnection,
    kind: ObjectType,
    to_kind: ObjectType,
    asked: Mapping[str, int],
    page: int,
) -> Links:
    """JSON of each record's links, and the last id shown if there are more. Records without links are left out."""
    rows = cursor.execute(
        "WITH asked AS (SELECT unnest($ids::VARCHAR[]) AS id, unnest($afters::BIGINT[]) AS after_id),"
        + _links_query("INNER JOIN asked ON asked.id = from_id", "AND to_id::BIGINT > after_id"),
        {
            "ids": list(asked),
            "afters": list(asked.values()),
            "kind": kind.plural,
            "to_kind": to_kind.plural,
            "page": page,
        },
    ).fetchall()
    return {key: (to, last) for key, to, last in rows}


def _read_all_links(cursor: duckdb.DuckDBPyConnection, kind: ObjectType, to_kind: ObjectType) -> Links:
    rows = cursor.execute(
        "WITH " + _links_query("", ""), {"kind": kind.plural, "to_kind": to_kind.plural, "page": PAGE}
    ).fetchall()
    return {key: (to, last) for key, to, last in rows}


def _links_query(joined: str, condition: str) -> str:
    return f"""
        links AS (
            SELECT from_id, to_id::BIGINT AS to_number,
                '{{"toObjectId":' || to_id || ',"associationTypes":[' || string_agg(
                    to_json({{category: category, typeId: type_id, label: label}})::VARCHAR, ',' ORDER BY type_id
                ) || ']}}' AS link
            FROM hubspot._associations {joined}
            WHERE from_type = $kind AND to_type = $to_kind {condition}
            GROUP BY from_id, to_id
        ),
        placed AS (SELECT *, row_number() OVER (PARTITION BY from_id ORDER BY to_number) AS place FROM links)
        SELECT from_id, string_agg(link, ',' ORDER BY place) FILTER (WHERE place <= $page),
            CASE WHEN count(*) > $page THEN max(to_number) FILTER (WHERE place <= $page) END
        FROM placed GROUP BY from_id ORDER BY from_id::BIGINT"""


def _paging(address: str, kind: ObjectType, last: int | None) -> str:
    if last is None:
        return ""
    after = _cursor(kind, last)
    return ',"paging":' + orjson.dumps({"next": {"after": after, "link": f"{address}?after={after}"}}).decode()


def _cursor(kind: ObjectType, last: int) -> str:
    return base64.urlsafe_b64encode(f"{kind.type_id}-{last}".encode()).decode()


def _read_cursor(after: object) -> int:
    if after is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(str(after)).decode().rpartition("-")[2])
    except ValueError as error:
        raise invalid(f"Invalid paging cursor {after}", code="INVALID_AFTER", propertyName="after") from error


def _no_associations(kind: ObjectType, to_kind: ObjectType, key: str) -> dict[str, object]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {to_kind.singular} is associated with {kind.singular} {key}.",
        "context": {"fromObjectId": [key], "fromObjectType": [kind.singular], "toObjectType": [to_kind.singular]},
    }
