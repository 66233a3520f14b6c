"""Arrays into DuckDB tables, and rows into the visible tables by key."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from connectors.sandbox.world.hashing import Ints

MISSING = -1


def seconds(values: Ints) -> pa.Array:
    """A timestamp column from seconds since 1970-01-01 UTC; MISSING becomes null."""
    return pa.array(np.asarray(values) * 1_000_000, pa.int64(), mask=np.asarray(values) == MISSING).cast(
        pa.timestamp("us")
    )


def nullable(values: Ints) -> pa.Array:
    """A whole-number column whose MISSING entries are null."""
    return pa.array(np.asarray(values), pa.int64(), mask=np.asarray(values) == MISSING)


def append_rows(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, object]) -> int:
    """Add rows by column name, making the table from the first ones; returns how many."""
    rows = pa.table(
        {name: column if isinstance(column, pa.Array) else pa.array(column) for name, column in columns.items()}
    )
    connection.register("incoming_rows", rows)
    schema, _, name = table.partition(".")
    is_there = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?", [schema, name]
    ).fetchone() != (0,)
    if is_there:
        connection.execute(f"insert into {table} by name select * from incoming_rows")
    else:
        connection.execute(f"create table {table} as select * from incoming_rows")
    connection.unregister("incoming_rows")
    return int(rows.num_rows)


def fetch_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    """The first row of a query that always has one; LookupError where it has none."""
    row = connection.execute(query, list(parameters)).fetchone()
    if row is None:
        raise LookupError(f"No row came of: {query}")
    return row


def upsert(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str], select: str) -> int:
    """Replace the rows of `table` that share a key with what `select` gives, by column name; returns how many came."""
    connection.execute(f"create or replace temp table fresh_rows as {select}")
    match = " and ".join(f'stale."{column}" = fresh."{column}"' for column in key)
    connection.execute(f"delete from {table} as stale using fresh_rows as fresh where {match}")
    count = connection.execute(f"insert into {table} by name select * from fresh_rows").fetchone()
    return int(count[0]) if count else 0
