"""An export of a HubSpot portal as a world: objects with their history and links."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa

from connectors.sandbox.catalogue import HUBSPOT, HUBSPOT_HISTORY_PROPERTIES
from connectors.sandbox.world.imports.hubspot_files import (
    CREATED,
    UPDATED,
    Place,
    Record,
    Records,
    hubspot_object_of,
    moment,
    part,
    read_records,
)
from connectors.sandbox.world.imports.summary import ImportSummary

__all__ = ["OLDEST_RECORDS", "hubspot_object_of", "insert_records", "read_hubspot_file", "write_links"]

# HubSpot's own types of links, there and back; a company's plain name in an answer is the primary one
_LINK_TYPES = {
    ("deals", "contacts"): (3, 4), ("deals", "companies"): (341, 342), ("contacts", "companies"): (279, 280),
    ("deals", "calls"): (205, 206), ("deals", "emails"): (209, 210), ("deals", "meetings"): (211, 212),
    ("deals", "tasks"): (215, 216), ("contacts", "calls"): (193, 194), ("contacts", "emails"): (197, 198),
    ("contacts", "meetings"): (199, 200), ("contacts", "tasks"): (203, 204),
}  # fmt: skip
_PRIMARY_TYPES = {("deals", "companies"): (5, 6), ("contacts", "companies"): (1, 2)}
_NO_LABEL = "_unlabeled"
OLDEST_RECORDS = " union all ".join(f"select min(created_at) as created_at from hubspot.{name}" for name in HUBSPOT)


def read_hubspot_file(connection: duckdb.DuckDBPyConnection, path: Path, summary: ImportSummary) -> None:
    """Write one file's records into schema hubspot, deals with their property history where the file has it.

    Links are kept in `imported_links` until all files are read, see `write_links`.

    Raises:
        ImportRefusedError: the file is no list of records, or a record has no id or no readable time.
    """
    name = hubspot_object_of(path) or path.stem
    read = read_records(connection, path, name)
    insert_records(connection, f"hubspot.{name}", [_row(place, record) for place, record in read.by_id.values()])
    if read.unknown:
        summary.ignored_columns[path.name] = sorted(read.unknown)
    summary.rows[name] = len(read.by_id)
    _note_other_histories(path, name, read, summary)
    if name == "deals":
        _write_history(connection, path, read, summary)
    _keep_links(connection, name, read, summary)


def write_links(connection: duckdb.DuckDBPyConnection, summary: ImportSummary) -> None:
    """Store every link that the files tell of, both ways; one to a record that no file has is left out and told."""
    connection.execute(f"create temp table if not exists imported_links ({_LINK_COLUMNS})")
    records = " union all ".join(f"select '{name}' as kind, id from hubspot.{name}" for name in HUBSPOT)
    connection.execute(f"""
        create or replace temp table known_links as
        select links.*, records.id is not null as is_known
        from imported_links as links left join ({records}) as records on records.kind = to_type and records.id = to_id
    """)
    lost = connection.execute(
        "select from_type, to_type, count(*) from known_links where not is_known group by all order by all"
    ).fetchall()
    summary.notes += [
        f"{from_type}: left out {count} links to {to_type} that no file has" for from_type, to_type, count in lost
    ]
    written = connection.execute("""
        insert into hubspot._associations
        select from_type, from_id, to_type, to_id, category, there, label from known_links where is_known
        union
        select to_type, to_id, from_type, from_id, category, back, label from known_links where is_known
        order by all""").fetchone()
    if written and written[0]:
        summary.rows["hubspot links"] = int(written[0])


def insert_records(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Record]) -> None:
    """Append rows to a table, columns by name; what a row lacks is null."""
    if not rows:
        return
    names = sorted({name for row in rows for name in row})
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    connection.register("incoming_records", pa.table(columns))
    connection.execute(f"insert into {table} by name select * from incoming_records")
    connection.unregister("incoming_records")


def _row(place: Place, record: Record) -> Record:
    properties = cast(Record, record["properties"])
    times = record | properties
    is_archived = str(record.get("archived") or False).lower() in ("true", "1")
    row = properties | {
        "id": record["id"],
        "created_at": moment(place, times, CREATED),
        "updated_at": moment(place, times, UPDATED),
        "archived": is_archived,
    }
    if is_archived:
        row["archived_at"] = moment(place, times, ("archivedAt", *UPDATED))
    row.setdefault("hs_object_id", row["id"])
    return row


def _note_other_histories(path: Path, name: str, read: Records, summary: ImportSummary) -> None:
    told = {key for place, record in read.by_id.values() for key in part(place, record, "propertiesWithHistory")}
    if others := sorted(told.difference(HUBSPOT_HISTORY_PROPERTIES if name == "deals" else ())):
        summary.notes.append(f"{path.name}: left out the history of {', '.join(others)}")


def _write_history(connection: duckdb.DuckDBPyConnection, path: Path, read: Records, summary: ImportSummary) -> None:
    """What the file says about past values; a deal without a history has the values it was created with."""
    rows: list[Record] = []
    for place, record in read.by_id.values():
        rows += _history_of(place, record)
    insert_records(connection, "hubspot._property_history", rows)
    for name in HUBSPOT_HISTORY_PROPERTIES:
        row = connection.execute(f"""
            select count(*) from hubspot.deals inner join (
                select object_id, arg_max(value, timestamp) as last_value from hubspot._property_history
                where property = '{name}' group by object_id) as life on life.object_id = deals.id
            where nullif(last_value, '') is distinct from {name}""").fetchone()
        if row is not None and row[0]:
            summary.notes.append(f"{path.name}: {row[0]} deals whose history of {name} ends in another value")


def _history_of(place: Place, record: Record) -> Iterable[Record]:
    properties = cast(Mapping[str, object], record["properties"])
    told = part(place, record, "propertiesWithHistory")
    for name in HUBSPOT_HISTORY_PROPERTIES:
        entries = told.get(name) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise place.refusal(f": the history of {name} is no list of entries. Export it as the v3 API answers it.")
        if not entries and properties.get(name) is not None:
            created = f"{moment(place, record | dict(properties), CREATED).isoformat()}Z"
            entries = [{"value": properties[name], "timestamp": created, "sourceType": "IMPORT"}]
        for entry in entries:
            value = entry.get("value")
            yield {
                "object_type": "deals",
                "object_id": record["id"],
                "property": name,
                "value": None if value is None else str(value),
                "timestamp": moment(place, entry, ("timestamp",)),
                "source_type": entry.get("sourceType"),
                "source_id": entry.get("sourceId"),
            }


_LINK_COLUMNS = (
    "from_type varchar, from_id varchar, to_type varchar, to_id varchar, category varchar, there integer, "
    "back integer, label varchar"
)


def _keep_links(connection: duckdb.DuckDBPyConnection, name: str, read: Records, summary: ImportSummary) -> None:
    connection.execute(f"create temp table if not exists imported_links ({_LINK_COLUMNS})")
    rows: list[Record] = []
    unread: set[str] = set()
    for place, record in read.by_id.values():
        for to_type, answer in part(place, record, "associations").items():
            if {(name, to_type), (to_type, name)}.isdisjoint(_LINK_TYPES):
                unread.add(to_type)
                continue
            rows += [_link(name, str(record["id"]), to_type, target) for target in _targets(place, answer)]
    if unread:
        summary.notes.append(f"{name}: left out links to {', '.join(sorted(unread))}")
    insert_records(connection, "imported_links", rows)


def _targets(place: Place, answer: object) -> list[Mapping[str, object]]:
    targets = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(targets, list) or not all(isinstance(target, dict) and target.get("id") for target in targets):
        raise place.refusal(": its associations are no lists of ids. Export them as the v3 API answers them.")
    if isinstance(answer, dict) and answer.get("paging"):
        raise place.refusal(": it has more associations than the file. Put the results of all pages into one list.")
    return targets


def _link(name: str, id_: str, to_type: str, target: Mapping[str, object]) -> Record:
    is_forward = (name, to_type) in _LINK_TYPES
    pair = (name, to_type) if is_forward else (to_type, name)
    is_primary = pair in _PRIMARY_TYPES and not str(target.get("type", "")).endswith(_NO_LABEL)
    forth, back = (_PRIMARY_TYPES if is_primary else _LINK_TYPES)[pair]
    return {
        "from_type": name,
        "from_id": id_,
        "to_type": to_type,
        "to_id": str(target["id"]),
        "category": "HUBSPOT_DEFINED",
        "there": forth if is_forward else back,
        "back": back if is_forward else forth,
        "label": "Primary" if is_primary else None,
    }
