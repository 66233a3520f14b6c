"""Two DuckDB files beside each other, row for row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

SHOWN = 4


def differences(
    one: Path,
    other: Path,
    *schemas: str,
    without: Mapping[str, Collection[str]] | Collection[str] = (),
    only: Collection[str] | None = None,
) -> dict[str, list[tuple[object, ...]]]:
    """Tables of these schemas that differ, with some of the rows that only one of the files has.

    `without` names columns that do not count: everywhere, or by `schema.table`. `only` limits the comparison to some
    tables, named `schema.table`. A table that only one of the files has is an error.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = [table for table in _tables(connection, schemas) if only is None or table in only]
        assert tables, f"nothing to compare in {schemas}"
        found = {}
        for table in tables:
            left_out = without.get(table, ()) if isinstance(without, Mapping) else without
            if rows := _differing(connection, table, left_out):
                found[table] = rows
    return found


def _tables(connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]) -> list[str]:
    rows = connection.execute(
        "select distinct schema_name || '.' || table_name from duckdb_tables() "
        "where database_name in ('one', 'other') and list_contains(?, schema_name) order by all",
        [list(schemas)],
    ).fetchall()
    return [table for (table,) in rows]


def _differing(
    connection: duckdb.DuckDBPyConnection, table: str, left_out: Collection[str]
) -> list[tuple[object, ...]]:
    columns = f"* exclude ({', '.join(left_out)})" if left_out else "*"
    schema, name = table.split(".")
    one, other = (f'(select {columns} from {file}.{schema}."{name}")' for file in ("one", "other"))
    return connection.execute(
        f"select 'only one' as side, * from ({one} except all {other}) union all by name "
        f"select 'only other' as side, * from ({other} except all {one}) limit {SHOWN}"
    ).fetchall()
