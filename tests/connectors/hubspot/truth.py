"""What HubSpot's raw tables must hold, computed from the world's own tables, and how they differ from it."""

from collections.abc import Collection
from pathlib import Path

import duckdb
import requests

from connectors.hubspot.objects import OBJECT_TYPES
from connectors.sandbox.catalogue import HUBSPOT, HubSpotProperty, hubspot_properties

_IDS = frozenset(
    ["hs_object_id", "associatedcompanyid", "hs_parent_company_id", "hs_created_by_user_id", "hubspot_owner_id"]
)
_TYPES = {"number": "DECIMAL(28,6)", "datetime": "TIMESTAMPTZ", "date": "DATE", "bool": "BOOLEAN"}
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

EXPECTED = {
    "deal_property_history": _HISTORY,
    "deal_associations": _LINKS,
    "owners": _OWNERS,
    "pipelines": _PIPELINES,
    "pipeline_stages": _STAGES,
}

# notes are read only where the rules let their bodies through
TABLES = (*(kind for kind in HUBSPOT if kind in OBJECT_TYPES), *EXPECTED)

_WORLD_TABLES = {
    "deal_property_history": ("deals", "_property_history"),
    "deal_associations": ("deals", "_associations"),
    "owners": ("_owners",),
    "pipelines": ("_pipelines",),
    "pipeline_stages": ("_stages",),
}

# history and links of deals that are gone stay as they were
_SCOPES = {
    "deal_property_history": "where deal_id in (select id from truth.deals where merged_into is null)",
    "deal_associations": f"where not _is_deleted and deal_id in (select id from truth.deals where {_LIVE})",
}


class Comparison:
    """A warehouse beside a world, both as they are now, for some raw tables.

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
            expected = EXPECTED.get(table) or _records(table)
            found[table] = self._differing(table, expected, _SCOPES.get(table) or self._known(table))
        return {table: rows for table, rows in found.items() if rows}

    def _known(self, table: str) -> str:
        if table not in HUBSPOT:
            return ""
        return f"where id in (select id from truth.{table} where merged_into is null)"

    def _differing(self, table: str, expected: str, scope: str) -> list[tuple[object, ...]]:
        columns = [row[0] for row in self._connection.execute(f"describe {expected}").fetchall()]
        names = ", ".join(f'"{name}"' for name in columns)
        wanted, actual = (
            f"select {names} from ({expected})",
            f"select {names} from warehouse.raw_hubspot.{table} {scope}",
        )
        return self._connection.execute(
            f"select 'missing', * from ({wanted} except all {actual}) union all "
            f"select 'surplus', * from ({actual} except all {wanted}) order by 2, 1 limit 10"
        ).fetchall()

    def _view(self, table: str) -> None:
        columns = ", ".join(
            f'{f"json({name})" if kind == "JSON" else f"""cast("{name}" as {kind})"""} as "{name}"'
            for name, kind in _world_columns(table).items()
        )
        self._connection.execute(f"create view truth.{table} as select {columns} from world.hubspot.{table}")

    def _load(self, table: str, url: str, file: Path) -> None:
        file.write_bytes(requests.get(f"{url}/__truth__/hubspot/{table}?full=1", timeout=60).content)
        self._connection.execute(
            f"create table truth.{table} as select * from read_json('{file}', format = 'array', "
            f"columns = {{{', '.join(f'{name!r}: {kind!r}' for name, kind in _world_columns(table).items())}}})"
        )


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
    }
    return dict.fromkeys(names[table].split(), "VARCHAR") | ({"teams": "JSON"} if table == "_owners" else {})


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
