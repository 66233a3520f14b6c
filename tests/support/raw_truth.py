"""Whether the raw tables of both CRMs are the world's truth: nothing missing, stale, doubled or invented."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from connectors.landing import LandingLog
from connectors.raw import replay
from connectors.sandbox.catalogue import HUBSPOT, SALESFORCE, salesforce_fields
from connectors.schema import raw_table
from tests.connectors.hubspot.truth import ALL_TABLES, Comparison
from tests.support.option_truth import salesforce_options

CRMS = ("salesforce", "hubspot")
OPTION_LABELS = "OptionLabels"
# rows that were landed once are kept for ever
HISTORIES = {
    "raw_salesforce": ("opportunity_history", "opportunity_field_history"),
    "raw_hubspot": ("deal_property_history", "pipeline_audit", "stage_audit"),
}
_NO_STAMP = "OpportunityFieldHistory"
# what an erased record of HubSpot keeps beside its own id and stamps
_KEPT = ("id", "created_at", "updated_at", "archived", "archived_at", "hs_object_id")


def differences(
    world: Path,
    warehouse: Path,
    *,
    crms: Collection[str] = CRMS,
    only: Collection[str] = (),
    without: Collection[str] = (),
) -> list[str]:
    """How the raw tables of `crms` differ from the world, both files closed; [] if they are its truth.

    `only` names Salesforce's objects or HubSpot's raw tables, if not all count; `without` columns that do not count, as
    `salesforce.Opportunity.Extra__c`.
    """
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"set TimeZone = 'UTC'; attach '{world}' as world (read_only); use world")
        if "salesforce" in crms:
            found += salesforce_differences(connection, warehouse, only or None, without=without)
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        found += _doubled(connection)
        if "hubspot" in crms:
            found += [*_hubspot_gone(connection), *_hubspot_added(connection, without)]
    if "hubspot" in crms:
        tables = tuple(only) or ALL_TABLES
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Comparison(warehouse, world, Path(folder), tables)) as comparison,
        ):
            found += [f"hubspot {table}: {rows}" for table, rows in comparison.differences().items()]
    return found


def replay_differences(landing: Path, warehouse: Path) -> list[str]:
    """How the raw tables differ from those that the log alone gives."""
    found = []
    with LandingLog(landing) as log, duckdb.connect() as again:
        for crm in CRMS:
            replay(again, log, crm)
        again.execute(f"attach '{warehouse}' as warehouse (read_only)")
        for table in _replayed(again):
            columns = "* exclude (_load_id)" if table.startswith("raw_") and "raw_meta" not in table else "*"
            live, replayed = f"select {columns} from warehouse.{table}", f"select {columns} from memory.{table}"
            rows = again.execute(
                f"select 'live', * from ({live} except all {replayed}) union all by name "
                f"select 'replayed', * from ({replayed} except all {live}) limit 4"
            ).fetchall()
            found += [f"replay of {table}: {rows}"] if rows else []
    return found


def _replayed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select distinct schema_name || '.\"' || table_name || '\"' from duckdb_tables() where "
        "database_name in ('warehouse', 'memory') and (schema_name in "
        "('raw_salesforce', 'raw_hubspot', 'raw_salesforce_versions', 'raw_hubspot_versions') "
        "or (schema_name = 'raw_meta' and table_name in ('coverage', 'drift'))) order by 1"
    ).fetchall()
    return [str(name) for (name,) in rows]


def histories(warehouse: Path) -> dict[str, set[str]]:
    """Ids of the rows of every table that only grows."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            f"{schema}.{table}": {
                str(row[0]) for row in connection.execute(f"select _record_id from {schema}.{table}").fetchall()
            }
            for schema, tables in HISTORIES.items()
            for table in tables
            if _has(connection, schema, table)
        }


def lost_history(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> list[str]:
    """Rows of histories that were there once and are not any more."""
    lost = {table: sorted(ids - after.get(table, set())) for table, ids in before.items()}
    return [f"{table} lost {len(ids)} rows, such as {ids[:3]}" for table, ids in lost.items() if ids]


def salesforce_differences(
    cursor: duckdb.DuckDBPyConnection,
    warehouse: Path,
    objects: Iterable[str] | None = None,
    *,
    without: Collection[str] = (),
) -> list[str]:
    """How Salesforce's raw tables differ from the world that is `cursor`'s database, object by object.

    A record that the world no longer has must be in its raw table as a tombstone. Without `objects`, custom ones count
    as well, and so do the labels of choices (OPTION_LABELS, which `objects` may name).
    """
    found: list[str] = []
    cursor.execute(f"attach '{warehouse}' as warehouse (read_only)")
    try:
        every = [*SALESFORCE, *_custom_objects(cursor)]
        for name in objects if objects is not None else [*every, OPTION_LABELS]:
            found += (
                _label_differences(cursor, every) if name == OPTION_LABELS else _differences_of(cursor, name, without)
            )
    finally:
        cursor.execute("detach warehouse")
    return found


def _differences_of(cursor: duckdb.DuckDBPyConnection, name: str, without: Collection[str]) -> list[str]:
    raw, world = f'warehouse.raw_salesforce."{raw_table(name)}"', f'salesforce."{name}"'
    fields = [field.name for field in salesforce_fields(name)] if name in SALESFORCE else []
    added = [field for field in _added_fields(cursor, name) if field not in fields]
    counted = [field for field in (*fields, *added) if f"salesforce.{name}.{field}" not in without]
    landed_columns = ", ".join(_comparable(name, field) for field in counted)
    columns = ", ".join(
        _typed(cursor, name, field) if field in added else _comparable(name, field) for field in counted
    )
    is_deleted = '"IsDeleted"' if "IsDeleted" in counted else "false"
    merged_into = '"MasterRecordId"' if "MasterRecordId" in counted else "null"
    truth = f'select {columns}, "Id", {is_deleted}, {merged_into} from {world}'
    landed = (
        f"select {landed_columns}, _record_id, _is_deleted, _merged_into from {raw} "
        f'where _record_id in (select "Id" from {world})'
    )
    queries = {
        "rows that the warehouse lacks": f"{truth} except all {landed}",
        "rows that the world lacks": f"{landed} except all {truth}",
        "purged rows alive": f"from {raw} where not _is_deleted and not exists (from {world} where id = _record_id)",
        "tombstones without a time": f"from {raw} where _is_deleted <> (_deleted_at is not null)",
        "records twice": f"select _record_id from {raw} group by 1 having count(*) > 1",
    }
    rows_of = {what: cursor.execute(query).fetchall() for what, query in queries.items()}
    return [f"{name}: {len(rows)} {what}, such as {rows[0]}" for what, rows in rows_of.items() if rows]


def _label_differences(cursor: duckdb.DuckDBPyConnection, objects: Collection[str]) -> list[str]:
    truth = salesforce_options(cursor, objects)
    named = ", ".join(f"'{name}'" for name in objects)
    landed = (
        "select object, field, value, label, is_active, sort_order from warehouse.raw_salesforce.option_labels "
        f"where not _is_deleted and object in ({named})"
    )
    queries = {
        "labels that the warehouse lacks": f"({truth}) except all {landed}",
        "labels that the world lacks": f"{landed} except all ({truth})",
    }
    rows_of = {what: cursor.execute(query).fetchall() for what, query in queries.items()}
    return [f"{OPTION_LABELS}: {len(rows)} {what}, such as {rows[0]}" for what, rows in rows_of.items() if rows]


def _comparable(object_name: str, field_name: str) -> str:
    """A field's value as both sides can write it."""
    if field_name in ("OldValue", "NewValue"):
        # the wire sends numbers as numbers: 2000.00 comes as 2000.0
        return f'coalesce(cast(try_cast("{field_name}" as decimal(18, 2)) as varchar), "{field_name}")'
    if field_name == "IsDeleted" and object_name == _NO_STAMP:
        return "true"  # no stamp tells that this flag changed; the deletes lane does, and _is_deleted is compared
    return f'"{field_name}"'


def _typed(cursor: duckdb.DuckDBPyConnection, object_name: str, field: str) -> str:
    """A field that an administrator added, with the type of its raw column."""
    row = cursor.execute(
        "select data_type from duckdb_columns() where database_name = 'warehouse' and schema_name = 'raw_salesforce' "
        "and table_name = ? and column_name = ?",
        [raw_table(object_name), field],
    ).fetchone()
    return f"cast(nullif(cast(\"{field}\" as varchar), '') as {row[0]})" if row else f'"{field}"'


def _schema_rows(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    if not _has(cursor, "salesforce", "_schema", database="world"):
        return []
    return cursor.execute(
        "select object, field from salesforce._schema where coalesce(definition->>'dropped', '') <> 'true'"
    ).fetchall()


def _custom_objects(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name, field in _schema_rows(cursor) if field == "" and name.endswith("__c")]


def _added_fields(cursor: duckdb.DuckDBPyConnection, object_name: str) -> list[str]:
    columns = {row[0] for row in cursor.execute(f'describe salesforce."{object_name}"').fetchall()}
    return sorted(field for name, field in _schema_rows(cursor) if name == object_name and field in columns)


def _hubspot_gone(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Records that were merged away or deleted for good: tombstones, of which the latter hold nothing any more."""
    for kind in HUBSPOT:
        if not _has(connection, "raw_hubspot", kind):
            continue
        raw, world = f"warehouse.raw_hubspot.{kind}", f"world.hubspot.{kind}"
        columns = [row[0] for row in connection.execute(f"describe {raw}").fetchall()]
        values = [
            name
            for name in columns
            if name not in _KEPT and not name.startswith("_") and not name.endswith("lastmodifieddate")
        ]
        blank = " and ".join(f'"{name}" is null' for name in values)
        queries = {
            "losers alive": f"select id from {raw} inner join {world} using (id) where {kind}.merged_into is not null "
            "and not _is_deleted",
            "losers that lead elsewhere": f"with recursive {_chains('raw', raw, '_merged_into')}, "
            f"{_chains('truth', world, 'merged_into')} select id, raw.winner, truth.winner from raw_ends raw "
            "inner join truth_ends truth using (id) where raw.winner is distinct from truth.winner",
            "records gone for good alive": f"select id from {raw} where id not in (select id from {world}) "
            "and not _is_deleted",
            "records gone for good with values": f"from {raw} where id not in (select id from {world}) "
            f"and not ({blank})",
            "invented records": f"select id from {raw} where id not in (select id from {world}) and id not in "
            "(select id from world.truth.deletions where crm = 'hubspot' and object = '" + kind + "')",
            "tombstones without a time": f"select id from {raw} where _is_deleted <> (_deleted_at is not null)",
        }
        for what, query in queries.items():
            rows = connection.execute(query.replace(f"{kind}.merged_into", f"{world}.merged_into")).fetchall()
            if rows:
                yield f"hubspot {kind}: {len(rows)} {what}, such as {rows[0]}"


def _chains(name: str, table: str, column: str) -> str:
    """CTEs: every loser of `table` and the record at the end of its merges."""
    return (
        f"{name}_steps(id, winner, depth) as (select id, {column}, 1 from {table} where {column} is not null union all "
        f"select {name}_steps.id, next.{column}, depth + 1 from {name}_steps inner join {table} next "
        f"on next.id = {name}_steps.winner where next.{column} is not null and depth < 50), "
        f"{name}_ends as (select id, arg_max(winner, depth) as winner from {name}_steps group by id)"
    )


def _hubspot_added(connection: duckdb.DuckDBPyConnection, without: Collection[str]) -> Iterator[str]:
    """Values of properties that an administrator added."""
    if not _has(connection, "hubspot", "_properties", database="world"):
        return
    known = connection.execute(
        "select object_type, name from world.hubspot._properties where is_custom and not archived"
    ).fetchall()
    for kind, name in known:
        if f"hubspot.{kind}.{name}" in without or name.startswith("hs_"):
            continue
        if not _has(connection, "raw_hubspot", kind):
            if connection.execute(f"select 1 from world.hubspot.{kind} where not archived limit 1").fetchone():
                yield f"hubspot {kind}: no raw table"
            continue
        rows = connection.execute(
            f"select id, landed.{name}, record.{name} from world.hubspot.{kind} record "
            f"left join warehouse.raw_hubspot.{kind} landed using (id) where record.merged_into is null "
            f"and not record.archived and cast(landed.{name} as varchar) is distinct from nullif(record.{name}, '')"
        ).fetchall()
        if rows:
            yield f"hubspot {kind}.{name}: {len(rows)} values differ, such as {rows[0]}"


def _doubled(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' "
        "and schema_name in ('raw_salesforce', 'raw_hubspot')"
    ).fetchall()
    for schema, table in tables:
        rows = connection.execute(
            f'select _record_id from warehouse.{schema}."{table}" group by 1 having count(*) > 1'
        ).fetchall()
        if rows:
            yield f"{schema}.{table}: {len(rows)} records twice, such as {rows[0]}"


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str, *, database: str = "") -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ? and (? = '' or database_name = ?)",
        [schema, table, database, database],
    ).fetchone()
    return found is not None
