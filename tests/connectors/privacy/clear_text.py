"""Looks for a text wherever it could have stayed: in files as they are, and in Parquet files as they are read."""

from pathlib import Path

import duckdb


def places_with(text: str, folder: Path) -> list[str]:
    """Files below `folder` that hold `text`, in any case of its letters, in their bytes or in a value of theirs."""
    wanted = text.lower()
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and _holds(path, wanted)
    )


def _holds(path: Path, wanted: str) -> bool:
    if wanted.encode() in path.read_bytes().lower():
        return True
    if ".parquet" in path.name:
        return _rows_hold(f"read_parquet('{path}')", duckdb.connect(), wanted)
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            return any(_table_holds(connection, f'"{schema}"."{table}"', wanted) for schema, table in tables)
    return False


def _rows_hold(source: str, connection: duckdb.DuckDBPyConnection, wanted: str) -> bool:
    with connection:
        return _table_holds(connection, source, wanted)


def _table_holds(connection: duckdb.DuckDBPyConnection, source: str, wanted: str) -> bool:
    row = connection.execute(
        f"select count(*) from {source} as source where contains(lower(cast(source as varchar)), '{wanted}')"
    ).fetchone()
    return row is not None and row[0] > 0
