"""Records as HubSpot's JSON, built by DuckDB in one query: no value passes through a Python loop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.replies import sql_iso

INLINE_ASSOCIATIONS = 100  # HubSpot pages a record's inline associations above this
_UNLABELED_TYPES = "(279, 280, 341, 342)"  # company links without the primary label


@dataclass(frozen=True)
class Projection:
    """What an answer holds of each record. Only names that the object type has."""

    properties: tuple[str, ...]
    with_history: tuple[str, ...] = ()
    associations: tuple[ObjectType, ...] = ()


def project(
    kind: ObjectType,
    visible: Iterable[str],
    *,
    properties: Sequence[str] = (),
    with_history: Sequence[str] = (),
    associations: tuple[ObjectType, ...] = (),
) -> Projection:
    """What HubSpot answers to these wishes: unknown names are ignored, three properties always come along."""
    known = set(visible)
    wished = {*properties, *with_history}
    answered = {*wished, *kind.always_answered} if wished else set(kind.default_properties)
    return Projection(
        tuple(sorted(answered & known)),
        tuple(name for name in dict.fromkeys(with_history) if name in known),
        associations,
    )


def read_records(
    cursor: duckdb.DuckDBPyConnection,
    kind: ObjectType,
    row_ids: Sequence[int],
    projection: Projection,
    *,
    links_from: str = "",
) -> str:
    """The records at `row_ids`, in that order, as JSON objects joined by commas.

    `links_from` is the address before `/crm/`, for the paging links of long association lists.
    """
    if not row_ids:
        return ""
    query, parameters = _query(kind, projection, "IN (SELECT unnest($rows::BIGINT[]))", links_from)
    row = cursor.execute(
        f"SELECT string_agg(json, ',' ORDER BY list_position($rows::BIGINT[], row_id)) FROM ({query})",
        {**parameters, "rows": list(row_ids)},
    ).fetchone()
    return str(row[0]) if row and row[0] else ""


def read_block(
    cursor: duckdb.DuckDBPyConnection, kind: ObjectType, projection: Projection, links_from: str, lo: int, hi: int
) -> dict[int, str]:
    """The records of rows `lo` up to, not including, `hi`, as JSON by row."""
    query, parameters = _query(kind, projection, f"BETWEEN {lo} AND {hi - 1}", links_from)
    return dict(cursor.execute(query, parameters).fetchall())


def _query(kind: ObjectType, projection: Projection, places: str, links_from: str) -> tuple[str, dict[str, object]]:
    """SQL of (row_id, json) for the rows that `places` says, and its parameters."""
    parameters: dict[str, object] = {}
    joins, parts = "", [_properties_part(projection.properties)]
    if projection.with_history:
        parameters |= {"kind": kind.plural, "history": list(projection.with_history)}
        joins += f" LEFT JOIN ({_history_query(kind, places)}) history ON history.object_id = record.id"
        parts.append("""',"propertiesWithHistory":{' || coalesce(history.entries, '') || '}'""")
    tail = ""
    if projection.associations:
        parameters |= {
            "kind": kind.plural,
            "to_kinds": [to_kind.plural for to_kind in projection.associations],
            "address": f"{links_from}/crm/v4/objects/{kind.plural}/",
        }
        linked = _associations_query(kind, projection.associations, places)
        joins += f" LEFT JOIN ({linked}) linked ON linked.from_id = record.id"
        tail = """ || coalesce(',"associations":{' || linked.entries || '}', '')"""
    query = f"""
        SELECT record.rowid AS row_id,
            '{{"id":"' || record.id || '",' || {" || ".join(parts)} || {_stamps_part()}{tail} || '}}' AS json
        FROM {kind.table} record{joins}
        WHERE record.rowid {places}"""
    return query, parameters


def _properties_part(names: Sequence[str]) -> str:
    packed = ", ".join(f'"{name}" := record."{name}"' for name in names)
    return f"""'"properties":' || to_json(struct_pack({packed}))::VARCHAR"""


def _stamps_part() -> str:
    archived = f"""'true,"archivedAt":"' || {sql_iso("coalesce(record.archived_at, record.updated_at)")} || '"'"""
    return f"""
        ',"createdAt":"' || {sql_iso("record.created_at")} || '","updatedAt":"' || {sql_iso("record.updated_at")}
        || '","archived":' || CASE WHEN record.archived THEN {archived} ELSE 'false' END"""


def _history_query(kind: ObjectType, places: str) -> str:
    # HubSpot leaves absent keys out instead of sending null, and puts the newest value first
    return f"""
        SELECT object_id, string_agg('"' || property || '":[' || items || ']', ',' ORDER BY property) AS entries FROM (
            SELECT object_id, property, string_agg(
                '{{"value":' || coalesce(to_json(value)::VARCHAR, '""') || ',"timestamp":"' || {sql_iso("timestamp")}
                || '","sourceType":"' || coalesce(source_type, 'UNKNOWN') || '"'
                || coalesce(',"sourceId":' || to_json(source_id)::VARCHAR, '')
                || coalesce(',"updatedByUserId":' || updated_by_user_id::VARCHAR, '') || '}}',
                ',' ORDER BY timestamp DESC, rowid DESC) AS items
            FROM hubspot._property_history
            WHERE object_type = $kind AND list_contains($history::VARCHAR[], property)
                AND object_id IN (SELECT id FROM {kind.table} WHERE rowid {places})
            GROUP BY ALL
        ) GROUP BY object_id"""


def _associations_query(kind: ObjectType, to_kinds: tuple[ObjectType, ...], places: str) -> str:
    # the same cursor that associations.py reads
    last = f"to_base64(('{kind.type_id}-' || arg_max(to_id, place))::BLOB)"
    singular = " ".join(f"WHEN '{to_kind.plural}' THEN '{to_kind.singular}'" for to_kind in to_kinds)
    return f"""
        SELECT from_id, string_agg('"' || to_type || '":{{"results":[' || items || ']' || paging || '}}', ','
            ORDER BY to_type) AS entries
        FROM (
            SELECT from_id, to_type, string_agg(item, ',' ORDER BY place, type_id) AS items,
                CASE WHEN max(places) <= {INLINE_ASSOCIATIONS} THEN '' ELSE
                    ',"paging":{{"next":{{"after":"' || {last} || '","link":"' || $address || from_id
                    || '/associations/' || to_type || '?after=' || {last} || '"}}}}' END AS paging
            FROM (
                SELECT *, max(place) OVER (PARTITION BY from_id, to_type) AS places FROM (
                    SELECT from_id, to_type, to_id, type_id,
                        '{{"id":"' || to_id || '","type":"{kind.singular}_to_' || CASE to_type {singular} END
                        || CASE WHEN type_id IN {_UNLABELED_TYPES} THEN '_unlabeled' ELSE '' END || '"}}' AS item,
                        dense_rank() OVER (PARTITION BY from_id, to_type ORDER BY to_id::BIGINT) AS place
                    FROM hubspot._associations
                    WHERE from_type = $kind AND list_contains($to_kinds::VARCHAR[], to_type)
                        AND from_id IN (SELECT id FROM {kind.table} WHERE rowid {places})
                )
            )
            WHERE place <= {INLINE_ASSOCIATIONS}
            GROUP BY from_id, to_type
        ) GROUP BY from_id"""
