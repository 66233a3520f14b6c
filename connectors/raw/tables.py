"""Raw tables and their bookkeeping: made, widened, never narrowed."""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from connectors.landing import format_utc
from connectors.schema import META_COLUMNS, TableSchema, converted, literal, quote, widen

META_SCHEMA = "raw_meta"

_META_TABLES = f"""
create schema if not exists {META_SCHEMA};
create table if not exists {META_SCHEMA}.loads (
    connection varchar not null,
    object varchar not null,
    load_id varchar not null,
    sequence bigint not null,
    lane varchar not null,
    mode varchar not null,
    raw_table varchar not null,
    window_lo timestamp,
    window_hi timestamp not null,
    rows_landed bigint not null,
    rows_inserted bigint not null,
    rows_updated bigint not null,
    rows_unchanged bigint not null,
    rows_older bigint not null,
    rows_tombstoned bigint not null,
    rows_held bigint not null,
    rows_unknown bigint not null,
    applied_at timestamp not null,
    -- a second program that applied the same load at the same time would fail here and change nothing
    primary key (connection, object, load_id)
);
create table if not exists {META_SCHEMA}.sync_state (
    connection varchar primary key,
    identity varchar not null,
    hi timestamp not null
)
"""


def create_meta_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `raw_meta.loads` and `raw_meta.sync_state` where they are missing."""
    connection.execute(_META_TABLES)


def table_names(connection: duckdb.DuckDBPyConnection, schema_name: str) -> list[str]:
    """Tables of a schema of the connection's own database, sorted."""
    rows = connection.execute(
        f"select table_name from duckdb_tables() where schema_name = {literal(schema_name)} "
        "and database_name = current_database() order by table_name"
    ).fetchall()
    return [name for (name,) in rows]


def naive_utc(moment: datetime) -> str:
    """`moment` as text that DuckDB reads as a UTC TIMESTAMP."""
    return format_utc(moment).removesuffix("Z")


@dataclass(frozen=True)
class RawTable:
    """Name and schema of a raw table; all methods run in the caller's transaction."""

    schema_name: str
    table_name: str
    meta: tuple[tuple[str, str], ...] = META_COLUMNS
    """What it has besides the CRM's columns: names and types."""

    def __str__(self) -> str:
        return f"{quote(self.schema_name)}.{quote(self.table_name)}"

    def columns(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """CRM columns and their types in table order, meta columns left out; {} if there is no table."""
        meta = {name for name, _ in self.meta}
        return {name: kind for name, kind in self._described(connection) if name not in meta}

    def exists(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether the table is there."""
        return bool(self._described(connection))

    def _described(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
        """Every column and its type; [] if there is no table."""
        # duckdb_columns() would list those of the whole file each time: twenty times slower, many times a load
        try:
            return connection.execute(f"select name, type from pragma_table_info({literal(str(self))})").fetchall()
        except duckdb.CatalogException:
            return []

    def is_empty(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether no row is there yet."""
        return connection.execute(f"select 1 from {self} limit 1").fetchone() is None

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove the table, for a replay."""
        connection.execute(f"drop table if exists {self}")

    def fit(self, connection: duckdb.DuckDBPyConnection, schema: TableSchema, *, has_deletes: bool) -> None:
        """Create the table, or add and widen columns until every row of `schema` goes in without loss.

        `has_deletes` says that this transaction has deleted rows of the table already: DuckDB then refuses to alter
        it, so it is rewritten instead. So is one of which a column is widened: while anybody reads an older state of
        the table, changing a type in place loses the values that were updated since (DuckDB 1.5.5).
        """
        if not self.exists(connection):
            columns = [f"{quote(column.name)} {column.duckdb_type}" for column in schema.columns]
            columns += [f"{name} {kind}" for name, kind in self.meta]
            connection.execute(f"create schema if not exists {quote(self.schema_name)}")
            connection.execute(f"create table {self} ({', '.join(columns)})")
            return
        present = {name.lower(): kind for name, kind in self.columns(connection).items()}
        added = [column for column in schema.columns if column.name.lower() not in present]
        meta = self._missing_meta(connection)
        widened = [
            (column.name, widen(present[column.name.lower()], column.duckdb_type))
            for column in schema.columns
            if column.name.lower() in present
        ]
        widened = [(name, kind) for name, kind in widened if kind != present[name.lower()]]
        if not added and not widened and not meta:
            return
        if has_deletes or widened:
            replaced = "".join(
                f", {converted(quote(name), present[name.lower()], kind)} as {quote(name)}" for name, kind in widened
            )
            new = "".join(f", cast(null as {column.duckdb_type}) as {quote(column.name)}" for column in added)
            new += "".join(f", cast(null as {kind}) as {name}" for name, kind in meta)
            kept = f"* replace ({replaced.removeprefix(', ')})" if widened else "*"
            connection.execute(f"create or replace table {self} as select {kept}{new} from {self}")
            return
        for column in added:
            connection.execute(f"alter table {self} add column {quote(column.name)} {column.duckdb_type}")
        for name, kind in meta:
            connection.execute(f"alter table {self} add column {name} {kind}")

    def _missing_meta(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
        """Meta columns that a table of an earlier version of this program lacks."""
        present = {name for name, _ in self._described(connection)}
        return [(name, kind) for name, kind in self.meta if name not in present]
