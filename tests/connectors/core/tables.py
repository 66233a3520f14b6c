"""Raw tables as plain values, so that two warehouses can be compared."""

from pathlib import Path

import duckdb

Table = tuple[list[str], list[tuple[object, ...]]]


def read_tables(connection: duckdb.DuckDBPyConnection, schema: str, *, without: str = "") -> dict[str, Table]:
    """Every table of `schema`: column names with types, and all rows; load ids included, but not column `without`."""
    names = connection.execute(
        f"select table_name from duckdb_tables() where schema_name = '{schema}' order by 1"
    ).fetchall()
    tables: dict[str, Table] = {}
    for (name,) in names:
        described = connection.execute(f'describe {schema}."{name}"').fetchall()
        columns = sorted(f"{column[0]} {column[1]}" for column in described if column[0] != without)
        order = ", ".join(f'"{column.split()[0]}"' for column in columns)
        rows = connection.execute(f'select {order} from {schema}."{name}" order by all').fetchall()
        tables[name] = (columns, rows)
    return tables


def read_warehouse(path: Path, schema: str) -> dict[str, Table]:
    """The same, from a file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return read_tables(connection, schema)
