"""An export of a HubSpot portal as a world: objects as its API answers them (JSON) or as tables of properties (CSV)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa

from connectors.sandbox.catalogue import HUBSPOT, HUBSPOT_HISTORY_PROPERTIES, hubspot_properties
from connectors.sandbox.world.imports.reading import ImportRefusedError, ImportSummary
from connectors.sandbox.world.stages import DEFAULT_PIPELINE, stages_on
from connectors.sandbox.world.stages import HUBSPOT as CRM

Record = dict[str, object]
_SET_UP = "timestamp '2024-01-01'"
_CREATED = ("createdAt", "createdate", "hs_createdate")
_UPDATED = ("updatedAt", "hs_lastmodifieddate", "lastmodifieddate")


def hubspot_object_of(path: Path) -> str | None:
    """The object type that a JSON or CSV file is named after, whatever its case."""
    return next(
        (name for name in HUBSPOT if path.suffix.lower() in (".csv", ".json") and path.stem.lower() == name), None
    )


def read_hubspot_file(connection: duckdb.DuckDBPyConnection, path: Path, summary: ImportSummary) -> None:
    """Write one file's records into schema hubspot, deals with their property history where the file has it.

    Raises:
        ImportRefusedError: the file is no list of records, or a record has no id or no readable time.
    """
    name = hubspot_object_of(path) or path.stem
    records = _read_json(path) if path.suffix.lower() == ".json" else _read_csv(connection, path)
    known = {prop.name for prop in hubspot_properties(name)}
    ignored: set[str] = set()
    rows: list[Record] = []
    for number, record in enumerate(records, start=1):
        properties = cast(Record, record.get("properties") or {})
        ignored |= set(properties) - known
        row: Record = {key: _as_text(value) for key, value in properties.items() if key in known}
        row |= {
            "id": _identity(path, number, record, properties),
            "created_at": _moment(path, number, record, properties, _CREATED),
            "updated_at": _moment(path, number, record, properties, _UPDATED),
            "archived": str(record.get("archived", False)).lower() == "true",
        }
        row.setdefault("hs_object_id", row["id"])
        rows.append(row)
    if ignored:
        summary.ignored_columns[path.name] = sorted(ignored)
    _insert(connection, f"hubspot.{name}", rows)
    summary.rows[name] = len(rows)
    if name == "deals":
        _write_history(connection, path, records)


def derive_portal(connection: duckdb.DuckDBPyConnection, summary: ImportSummary) -> None:
    """Pipelines and stages that the deals name, beside HubSpot's stock pipeline, and the owners that records name."""
    stock = [stage for stage in stages_on((), 0) if (stage.crm, stage.pipeline_id) == (CRM, DEFAULT_PIPELINE)]
    for place, stage in enumerate(stock):
        connection.execute(
            f"insert into hubspot._stages values ('default', ?, ?, ?, ?, ?, false, {_SET_UP}, {_SET_UP})",
            [stage.id, stage.label, place, str(stage.probability / 100), str(stage.is_closed).lower()],
        )
    added = connection.execute("""
        insert into hubspot._stages
        select pipeline, dealstage, dealstage, 100 + row_number() over (order by pipeline, dealstage), '0.5',
            'false', false,
            timestamp '2024-01-01', timestamp '2024-01-01'
        from (select distinct pipeline, dealstage from hubspot.deals where pipeline is not null
            and dealstage is not null) as used
        where not exists (from hubspot._stages as listed where listed.pipeline_id = used.pipeline
            and listed.id = used.dealstage)""").fetchone()
    connection.execute("""
        insert into hubspot._pipelines
        select pipeline_id, case pipeline_id when 'default' then 'Sales Pipeline' else 'Pipeline ' || pipeline_id end,
            row_number() over (order by pipeline_id <> 'default', pipeline_id) - 1, false, timestamp '2024-01-01',
                timestamp '2024-01-01'
        from (select distinct pipeline_id from hubspot._stages)""")
    owned = [name for name in HUBSPOT if any(prop.name == "hubspot_owner_id" for prop in hubspot_properties(name))]
    union = " union ".join(f"select hubspot_owner_id as id from hubspot.{name}" for name in owned)
    owners = connection.execute(f"""
        insert into hubspot._owners
        select id, 'owner' || id || '@imported.example', 'Imported', 'Owner ' || id, id, 'PERSON', false,
            timestamp '2024-01-01', timestamp '2024-01-01', '[]'
        from ({union}) where id is not null order by id""").fetchone()
    summary.derived["hubspot stages"] = int(added[0]) if added else 0
    summary.derived["hubspot owners"] = int(owners[0]) if owners else 0


def _read_json(path: Path) -> list[Record]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ImportRefusedError(f"{path.name} is not JSON: {error}. Export it again.") from error
    records = content.get("results") if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ImportRefusedError(
            f"{path.name} holds no list of records. It should be a list, or an answer with `results`."
        )
    return records


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Record]:
    cursor = connection.execute(
        "select * from read_csv(?, header = true, all_varchar = true, delim = ',')", [str(path)]
    )
    columns = [str(item[0]) for item in cursor.description or []]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return [{"id": row.pop("id", None), "archived": row.pop("archived", False), "properties": row} for row in rows]


def _identity(path: Path, number: int, record: Record, properties: Record) -> str:
    found = record.get("id") or properties.get("hs_object_id")
    if not found:
        raise ImportRefusedError(f"{path.name}, record {number}: there is no id. Every record needs one.")
    return str(found)


def _moment(path: Path, number: int, record: Record, properties: Record, names: tuple[str, ...]) -> datetime:
    for name in names:
        value = record.get(name) or properties.get(name)
        if value:
            try:
                return datetime.fromisoformat(str(value)).astimezone(UTC).replace(tzinfo=None)
            except ValueError as error:
                raise ImportRefusedError(
                    f"{path.name}, record {number}, {name}: {value!r} is not a time like 2026-02-23T20:55:00Z."
                ) from error
    raise ImportRefusedError(
        f"{path.name}, record {number}: none of {', '.join(names)} is there. Export the records with their times."
    )


def _as_text(value: object) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _write_history(connection: duckdb.DuckDBPyConnection, path: Path, records: list[Record]) -> None:
    """What the file says about past values; a deal without a history has the values it was created with."""
    rows: list[Record] = []
    for number, record in enumerate(records, start=1):
        properties = cast(Record, record.get("properties") or {})
        told = cast(dict[str, list[Record]], record.get("propertiesWithHistory") or {})
        id_ = _identity(path, number, record, properties)
        for name in HUBSPOT_HISTORY_PROPERTIES:
            entries: list[Record] = told.get(name) or []
            if not entries and properties.get(name) is not None:
                created = _moment(path, number, record, properties, _CREATED)
                entries = [
                    {
                        "value": properties[name],
                        "timestamp": created.replace(tzinfo=UTC).isoformat(),
                        "sourceType": "IMPORT",
                    }
                ]
            for entry in entries:
                at = _moment(path, number, entry, {}, ("timestamp",))
                source = {"source_type": entry.get("sourceType"), "source_id": entry.get("sourceId")}
                rows.append(
                    {
                        "object_type": "deals",
                        "object_id": id_,
                        "property": name,
                        "value": _as_text(entry.get("value")),
                        "timestamp": at,
                    }
                    | source
                )
    _insert(connection, "hubspot._property_history", rows)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Record]) -> None:
    if not rows:
        return
    names = sorted({name for row in rows for name in row})
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    connection.register("incoming_records", pa.table(columns))
    connection.execute(f"insert into {table} by name select * from incoming_records")
    connection.unregister("incoming_records")
