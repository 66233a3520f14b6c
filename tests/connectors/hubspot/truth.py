"""What HubSpot's raw tables must hold, computed from the world's own tables, and how they differ from it."""

from collections.abc import Collection
from pathlib import Path

import duckdb
import requests

from connectors.sandbox.catalogue import HUBSPOT, HubSpotProperty, hubspot_properties
from tests.support.option_truth import HUBSPOT_KINDS, hubspot_options

_IDS = frozenset(
    ["hs_object_id", "associatedcompanyid", "hs_parent_company_id", "hs_created_by_user_id", "hubspot_owner_id"]
)
_TYPES = {"number": "DECIMAL(38,16)", "datetime": "TIMESTAMPTZ", "date": "DATE", "bool": "BOOLEAN"}
_LIVE = "not archived and merged_into is null"

_HISTORY = """
    select object_id as deal_id, property, nullif(value, '') as value, cast(timestamp as timestamp) as "timestamp",
        source_type, source_id, updated_by_user_id
    from truth._property_history
    where object_type = 'deals' and object_id in (select id from truth.deals where merged_into is null)"""
_LINKS = f"""
    select from_id as deal_id, to_type as to_object_type, to_id as to_object_id, category,
        cast(type_id as integer) as type_id, label
    from truth._associations
    where from_type = 'deals' and from_id in (select id from truth.deals where {_LIVE})"""
_OWNERS = """
    select id, email, first_name, last_name, user_id, type, cast(archived as boolean) as archived,
        cast(created_at as timestamp) as created_at, cast(updated_at as timestamp) as updated_at,
        nullif(cast(teams as varchar), '[]') as teams
    from truth._owners"""
_PIPELINES = """
    select id, label, cast(display_order as bigint) as display_order, cast(archived as boolean) as archived,
        cast(created_at as timestamp) as created_at, cast(updated_at as timestamp) as updated_at
    from truth._pipelines"""
_STAGES = """
    select id, pipeline_id, label, cast(display_order as bigint) as display_order,
        cast(probability as decimal(5,4)) as probability, cast(is_closed as boolean) as is_closed,
        cast(archived as boolean) as archived, cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at
    from truth._stages"""
_AUDITED = """
    raw_object->>'label' as label, cast(raw_object->>'displayOrder' as bigint) as display_order,
    coalesce(cast(raw_object->>'archived' as boolean), false) as archived, action,
    cast(changed_at as timestamp) as changed_at, user_id as changed_by, cast(raw_object as varchar) as definition"""
_PIPELINE_AUDIT = f"select pipeline_id, {_AUDITED} from truth._audit where stage_id is null"
_STAGE_AUDIT = f"""
    select pipeline_id, stage_id, cast(raw_object->'metadata'->>'probability' as decimal(5,4)) as probability,
        cast(raw_object->'metadata'->>'isClosed' as boolean) as is_closed, {_AUDITED}
    from truth._audit where stage_id is not null"""
_SPLITS = f"""
    select id, deal_id, owner_id, cast(percentage as decimal(18,8)) as percentage,
        cast(created_at as timestamp) as created_at, cast(updated_at as timestamp) as updated_at
    from truth._deal_splits where deal_id in (select id from truth.deals where {_LIVE})"""
_RATES = """
    select id, from_code as from_currency_code, to_code as to_currency_code,
        cast(rate as decimal(28,12)) as conversion_rate, cast(effective_at as timestamp) as effective_at,
        cast(created_at as timestamp) as created_at, cast(updated_at as timestamp) as updated_at
    from truth._exchange_rates"""

EXPECTED = {
    "deal_property_history": _HISTORY,
    "deal_associations": _LINKS,
    "owners": _OWNERS,
    "pipelines": _PIPELINES,
    "pipeline_stages": _STAGES,
}

# notes are read only where the rules let their bodies through
TABLES = (*HUBSPOT_KINDS, *EXPECTED)
# of streams that the warehouse's models do not need: not every run reads them
_MORE_EXPECTED = {
    "pipeline_audit": _PIPELINE_AUDIT,
    "stage_audit": _STAGE_AUDIT,
    "deal_splits": _SPLITS,
    "exchange_rates": _RATES,
}
ALL_TABLES = (*TABLES, *_MORE_EXPECTED, "option_labels")

_WORLD_TABLES = {
    "deal_property_history": ("deals", "_property_history"),
    "deal_associations": ("deals", "_associations"),
    "owners": ("_owners",),
    "pipelines": ("_pipelines",),
    "pipeline_stages": ("_stages",),
    "pipeline_audit": ("_audit",),
    "stage_audit": ("_audit",),
    "deal_splits": ("deals", "_deal_splits"),
    "exchange_rates": ("_exchange_rates",),
    "option_labels": (*HUBSPOT_KINDS, "_properties", "_pipelines", "_stages"),
}

# a world that was never edited may lack them
_MADE_BY_EDITS = ("_audit", "_deal_splits", "_exchange_rates", "_properties")

# history and links of deals that are gone stay as they were
_SCOPES = {
    "deal_property_history": "where deal_id in (select id from truth.deals where merged_into is null)",
    "deal_associations": f"where not _is_deleted and deal_id in (select id from truth.deals where {_LIVE})",
    "deal_splits": f"where not _is_deleted and deal_id in (select id from truth.deals where {_LIVE})",
    "option_labels": f"where not _is_deleted and object in {HUBSPOT_KINDS}",
}


class Comparison:
    """A warehouse beside a world, both as they are now, for some raw tables; one that no run has made is empty.

    `world` is the address of the sandbox that serves it, or its file, closed.
    """

    def __init__(self, warehouse: Path, world: str | Path, folder: Path, tables: Collection[str] = TABLES) -> None:
        self._tables = tables
        self._connection = duckdb.connect()
        self._connection.execute("set TimeZone = 'UTC'; create schema truth")
        self._connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        if isinstance(world, Path):
            self._connection.execute(f"attach '{world}' as world (read_only)")
        for table in dict.fromkeys(name for raw_table in tables for name in _WORLD_TABLES.get(raw_table, (raw_table,))):
            if isinstance(world, Path):
                self._view(table)
            else:
                self._load(table, world, folder / f"{table}.json")

    def close(self) -> None:
        """Free the warehouse file."""
        self._connection.close()

    def differences(self) -> dict[str, list[tuple[object, ...]]]:
        """Rows by raw table that are expected and not there, or there and not expected; {} if all is well.

        Records that left HubSpot for good, or were merged away, are no part of this.
        """
        found = {}
        for table in self._tables:
            found[table] = self._differing(table, self._expected(table), _SCOPES.get(table) or self._known(table))
        return {table: rows for table, rows in found.items() if rows}

    def _expected(self, table: str) -> str:
        if table == "option_labels":
            return hubspot_options(self._connection, "warehouse.raw_hubspot")
        return EXPECTED.get(table) or _MORE_EXPECTED.get(table) or _records(table)

    def _known(self, table: str) -> str:
        if table not in HUBSPOT:
            return ""
        return f"where id in (select id from truth.{table} where merged_into is null)"

    def _differing(self, table: str, expected: str, scope: str) -> list[tuple[object, ...]]:
        columns = [row[0] for row in self._connection.execute(f"describe {expected}").fetchall()]
        names = ", ".join(f'"{name}"' for name in columns)
        wanted = f"select {names} from ({expected})"
        is_there = self._has("warehouse", "raw_hubspot", table)
        actual = f"select {names} from warehouse.raw_hubspot.{table} {scope}" if is_there else f"{wanted} limit 0"
        return self._connection.execute(
            f"select 'missing', * from ({wanted} except all ({actual})) union all "
            f"select 'surplus', * from (({actual}) except all {wanted}) order by 2, 1 limit 10"
        ).fetchall()

    def _has(self, database: str, schema: str, table: str) -> bool:
        found = self._connection.execute(
            "select 1 from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?",
            [database, schema, table],
        ).fetchone()
        return found is not None

    def _view(self, table: str) -> None:
        columns = _world_columns(table)
        if table in _MADE_BY_EDITS and not self._has("world", "hubspot", table):
            self._create_empty(table)
            return
        selected = ", ".join(
            f'{f"json({name})" if kind == "JSON" else f"""cast("{name}" as {kind})"""} as "{name}"'
            for name, kind in columns.items()
        )
        self._connection.execute(f"create view truth.{table} as select {selected} from world.hubspot.{table}")

    def _load(self, table: str, url: str, file: Path) -> None:
        answer = requests.get(f"{url}/__truth__/hubspot/{table}?full=1", timeout=60)
        if table in _MADE_BY_EDITS and answer.status_code == requests.codes.not_found:
            self._create_empty(table)
            return
        file.write_bytes(answer.content)
        self._connection.execute(
            f"create table truth.{table} as select * from read_json('{file}', format = 'array', "
            f"columns = {{{', '.join(f'{name!r}: {kind!r}' for name, kind in _world_columns(table).items())}}})"
        )

    def _create_empty(self, table: str) -> None:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _world_columns(table).items())
        self._connection.execute(f"create table truth.{table} ({columns})")


def _world_columns(table: str) -> dict[str, str]:
    records = ["id", "created_at", "updated_at", "archived", "archived_at", "merged_into"]
    if table in HUBSPOT:
        texts = dict.fromkeys([*records, *(prop.name for prop in hubspot_properties(table))], "VARCHAR")
        return texts | {"archived": "BOOLEAN"}
    names = {
        "_property_history": "object_type object_id property value timestamp source_type source_id updated_by_user_id",
        "_associations": "from_type from_id to_type to_id category type_id label",
        "_owners": "id email first_name last_name user_id type archived created_at updated_at teams",
        "_pipelines": "id label display_order archived created_at updated_at",
        "_stages": "pipeline_id id label display_order probability is_closed archived created_at updated_at",
        "_audit": "pipeline_id stage_id action changed_at raw_object user_id",
        "_deal_splits": "deal_id id owner_id percentage created_at updated_at",
        "_exchange_rates": "id from_code to_code rate effective_at created_at updated_at",
        "_properties": "object_type name type options archived",
    }
    columns = dict.fromkeys(names[table].split(), "VARCHAR")
    return columns | {name: "JSON" for name in ("teams", "raw_object", "options") if name in columns}


def _records(kind: str) -> str:
    values = ", ".join(_value(prop) for prop in hubspot_properties(kind))
    return f"""
        select id, cast(created_at as timestamp) as created_at, cast(updated_at as timestamp) as updated_at, archived,
            cast(archived_at as timestamp) as archived_at, {values},
            id as _record_id, archived as _is_deleted, cast(archived_at as timestamp) as _deleted_at,
            cast(null as varchar) as _merged_into
        from truth.{kind} where merged_into is null"""


def _value(prop: HubSpotProperty) -> str:
    kind = _TYPES.get(prop.type) if prop.name not in _IDS else None
    if kind is None:
        return f'nullif("{prop.name}", \'\') as "{prop.name}"'
    typed = f"cast(nullif(\"{prop.name}\", '') as {kind})"
    return f'{f"cast({typed} as timestamp)" if kind == "TIMESTAMPTZ" else typed} as "{prop.name}"'
