"""HubSpot's first and second API versions, as far as other extractors still call them: deals, companies, engagements.

Values are objects with `value` and `timestamp`, moments are milliseconds, ids are numbers, and pages go on by `offset`.
"""

from bisect import bisect_left
from collections.abc import Sequence

import duckdb

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.properties import describe_property
from connectors.sandbox.hubspot.rendered import Listing, read_listing
from connectors.sandbox.hubspot.replies import invalid, not_found, read_limit

PAGE = 250
ENGAGEMENT_PAGE = 250
_ENGAGEMENTS = {"calls": "CALL", "emails": "EMAIL", "meetings": "MEETING", "notes": "NOTE", "tasks": "TASK"}
_DATED = ("datetime", "date")


def list_properties(portal: Portal, call: Call) -> Answer:
    """Definitions as a bare list."""
    kind = portal.granted_type(call.path_params.get("kind", "companies"))
    visible = portal.property_types(kind)
    return Answer.of(
        [
            describe_property(portal, kind, prop)
            for prop in portal.definitions.live_properties(kind)
            if prop.name in visible
        ]
    )


def list_deals(portal: Portal, call: Call) -> Answer:
    """One page of live deals with their latest values and, if asked, what they are associated with."""
    return _page(portal, call, portal.granted_type("deals"), "deals", "hasMore")


def list_companies(portal: Portal, call: Call) -> Answer:
    """One page of live companies."""
    return _page(portal, call, portal.granted_type("companies"), "companies", "has-more")


def read_company(portal: Portal, call: Call) -> Answer:
    """One company."""
    kind, key = portal.granted_type("companies"), call.path_params["object_id"]
    with portal.state.cursor() as cursor:
        row = cursor.execute(
            f"SELECT rowid FROM {kind.table} WHERE id = ? AND NOT archived AND merged_into IS NULL", [key]
        ).fetchone()
        if row is None:
            raise not_found()
        return Answer(_render(portal, cursor, kind, [row[0]]).encode())


def list_pipelines(portal: Portal, _: Call) -> Answer:
    """Pipelines of deals with their stages, as a bare list."""
    with portal.state.cursor() as cursor:
        rows = cursor.execute("""
            SELECT pipeline.id AS "pipelineId", pipeline.label, NOT pipeline.archived AS active,
                pipeline.display_order AS "displayOrder", list({'stageId': stage.id, 'label': stage.label,
                    'probability': stage.probability::DOUBLE, 'active': NOT stage.archived,
                    'displayOrder': stage.display_order,
                    'closedWon': stage.is_closed = 'true' AND stage.probability::DOUBLE = 1}
                    ORDER BY stage.display_order) AS stages
            FROM hubspot._pipelines pipeline INNER JOIN hubspot._stages stage ON stage.pipeline_id = pipeline.id
            GROUP BY ALL ORDER BY pipeline.display_order""").fetchall()
    names = ("pipelineId", "label", "active", "displayOrder", "stages")
    return Answer.of([dict(zip(names, row, strict=True)) for row in rows])


def list_engagements(portal: Portal, call: Call) -> Answer:
    """One page of all engagements by last update; `after` is a moment in milliseconds, or the cursor of a page."""
    limit = read_limit(call, default=100, maximum=ENGAGEMENT_PAGE)
    stamp, _, place = call.query.get("after", "0").partition("-")
    if not stamp.isdigit() or (place and not place.isdigit()):
        raise invalid(f"Invalid paging cursor {call.query.get('after')}", code="INVALID_AFTER")
    with portal.state.cursor() as cursor:
        # ids are stamps, rows are places in the list of (type, row)
        listing, entries = portal.read_once(("engagements",), lambda: _read_engagements(portal, cursor))
        start = max(bisect_left(listing.ids, int(stamp)), int(place or 0))
        shown = entries[start : start + limit]
        texts = {
            name: iter(
                _separated(portal, cursor, portal.find_object_type(name), [row for kind, row in shown if kind == name])
            )
            for name in dict.fromkeys(kind for kind, _ in shown)
        }
        results = ",".join(next(texts[kind]) for kind, _ in shown)
    stop = start + len(shown)
    last = listing.ids[stop - 1] if stop else int(stamp)
    more = "true" if stop < len(entries) else "false"
    return Answer(f'{{"results":[{results}],"hasMore":{more},"after":"{last}-{stop}"}}'.encode())


def read_associations(portal: Portal, call: Call) -> Answer:
    """Associations v3: like v4, but without labels, and with no notion of a cursor."""
    kind, to_kind = portal.object_type(call), portal.object_type(call, "to_kind")
    body = call.json()
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not all(isinstance(entry, dict) and "id" in entry for entry in inputs):
        raise invalid("Invalid input JSON: inputs is required and must be a list of objects with an id")
    with portal.state.cursor() as cursor:
        rows = cursor.execute(
            """
            SELECT from_id, list(DISTINCT to_id ORDER BY to_id::BIGINT) FROM hubspot._associations
            WHERE from_type = $kind AND to_type = $to_kind AND from_id IN (SELECT unnest($ids::VARCHAR[]))
            GROUP BY from_id ORDER BY from_id::BIGINT""",
            {"kind": kind.plural, "to_kind": to_kind.plural, "ids": [str(entry["id"]) for entry in inputs]},
        ).fetchall()
    name = f"{kind.singular}_to_{to_kind.singular}"
    return Answer.of(
        {
            "status": "COMPLETE",
            "results": [
                {"from": {"id": key}, "to": [{"id": to_id, "type": name} for to_id in linked]} for key, linked in rows
            ],
        }
    )


def _page(portal: Portal, call: Call, kind: ObjectType, name: str, more_key: str) -> Answer:
    limit = read_limit(call, default=100, maximum=PAGE)
    offset = call.query.get("offset", "0")
    if not offset.isdigit():
        raise invalid(f"Invalid offset {offset}", code="INVALID_OFFSET", propertyName="offset")
    with portal.state.cursor() as cursor:
        listing, _ = portal.read_once(
            ("legacy", kind.plural), lambda: (read_listing(cursor, kind.table, is_archived=False), [])
        )
        rows, last = listing.page(int(offset), limit)
        results = _render(portal, cursor, kind, rows)
    more = "false" if last is None else "true"
    return Answer(f'{{"{name}":[{results}],"{more_key}":{more},"offset":{(last or 0) + 1}}}'.encode())


def _render(portal: Portal, cursor: duckdb.DuckDBPyConnection, kind: ObjectType, rows: Sequence[int]) -> str:
    return ",".join(_separated(portal, cursor, kind, rows))


def _separated(portal: Portal, cursor: duckdb.DuckDBPyConnection, kind: ObjectType, rows: Sequence[int]) -> list[str]:
    query = _engagement_query(portal, kind) if kind.plural in _ENGAGEMENTS else _record_query(portal, kind)
    return portal.render_blocks(
        ("legacy", kind),
        rows,
        lambda lo, hi: dict(cursor.execute(f"{query} WHERE record.rowid BETWEEN {lo} AND {hi - 1}").fetchall()),
    )


def _record_query(portal: Portal, kind: ObjectType) -> str:
    def value(name: str, type_: str) -> str:
        if name == kind.modified_property:
            return "epoch_ms(record.updated_at)::VARCHAR"
        return f'epoch_ms(try_cast("{name}" AS TIMESTAMP))::VARCHAR' if type_ in _DATED else f'"{name}"'

    # a value that is not set is not there
    parts = " || ".join(
        f"""coalesce(',"{name}":{{"value":' || to_json({value(name, type_)})::VARCHAR
            || ',"timestamp":' || epoch_ms(record.updated_at) || ',"source":"CRM_UI","sourceId":null}}', '')"""
        for name, type_ in portal.property_types(kind).items()
    )
    linked = """
        ',"associations":{"associatedVids":[' || coalesce(vids, '') || '],"associatedCompanyIds":['
        || coalesce(companies, '') || '],"associatedDealIds":[]}'"""
    join = """ LEFT JOIN (
        SELECT from_id, string_agg(DISTINCT to_id, ',') FILTER (WHERE to_type = 'contacts') AS vids,
            string_agg(DISTINCT to_id, ',') FILTER (WHERE to_type = 'companies') AS companies
        FROM hubspot._associations WHERE from_type = 'deals' AND to_type IN ('contacts', 'companies') GROUP BY from_id
        ) linked ON linked.from_id = record.id"""
    is_deal = kind.plural == "deals"
    return f"""
        SELECT record.rowid, '{{"portalId":{portal.portal_id},"{"dealId" if is_deal else "companyId"}":' || record.id
            || ',"isDeleted":false' || {linked if is_deal else "''"} || ',"properties":{{'
            || ltrim({parts}, ',') || '}}}}'
        FROM {kind.table} record{join if is_deal else ""}"""


def _engagement_query(portal: Portal, kind: ObjectType) -> str:
    title = kind.searched_by_text[0]
    return f"""
        SELECT record.rowid, '{{"engagement":{{"id":' || record.id || ',"portalId":{portal.portal_id},"active":true'
            || ',"createdAt":' || epoch_ms(record.created_at) || ',"lastUpdated":' || epoch_ms(record.updated_at)
            || ',"type":"{_ENGAGEMENTS[kind.plural]}","ownerId":' || coalesce(record.hubspot_owner_id, 'null')
            || ',"timestamp":' || coalesce(epoch_ms(try_cast(record.hs_timestamp AS TIMESTAMP))::VARCHAR, 'null')
            || '}},"associations":{{"contactIds":[],"companyIds":[],"dealIds":[' || coalesce(deals, '')
            || ']}},"attachments":[],"metadata":{{"title":' || coalesce(to_json(record."{title}")::VARCHAR, 'null')
            || '}}}}'
        FROM {kind.table} record LEFT JOIN (
            SELECT from_id, string_agg(DISTINCT to_id, ',') AS deals FROM hubspot._associations
            WHERE from_type = '{kind.plural}' AND to_type = 'deals' GROUP BY from_id) linked
            ON linked.from_id = record.id"""


def _read_engagements(portal: Portal, cursor: duckdb.DuckDBPyConnection) -> tuple[Listing, list[tuple[str, int]]]:
    parts = " UNION ALL ".join(
        f"SELECT epoch_ms(updated_at) AS stamp, '{name}' AS kind, rowid AS place, id FROM hubspot.{name}"
        " WHERE NOT archived AND merged_into IS NULL"
        for name in _ENGAGEMENTS
        if name in portal.definitions.object_types and not portal.state.is_hidden(name)
    )
    rows = cursor.execute(f"SELECT stamp, kind, place FROM ({parts}) ORDER BY stamp, id::BIGINT").fetchall()
    return Listing([row[0] for row in rows], list(range(len(rows)))), [(kind, place) for _, kind, place in rows]
