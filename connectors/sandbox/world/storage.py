"""Arrays into DuckDB tables, and rows into the visible tables by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from connectors.sandbox.world.hashing import Flags, Ints, Keys
from connectors.sandbox.world.salesforce_edited import is_edited, keep_edits

MISSING = -1
Moments = NDArray[np.datetime64]


@dataclass(frozen=True)
class Nullable:
    """Whole numbers whose MISSING entries are null."""

    values: Ints


Column = Ints | Flags | Keys | Moments | Nullable


def seconds(values: Ints) -> Moments:
    """A timestamp column from seconds since 1970-01-01 UTC; MISSING becomes null."""
    moments = (values * 1_000_000).astype("datetime64[us]")
    return np.where(values == MISSING, np.datetime64("NaT", "us"), moments)


def append_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, Column],
    constants: Mapping[str, str] | None = None,
) -> None:
    """Add rows by column name, making the table from the first ones; `constants` are texts that every row has.

    DuckDB reads the arrays themselves: nothing is copied through Python objects, pandas or Arrow.
    """
    arrays = {name: column.values if isinstance(column, Nullable) else column for name, column in columns.items()}
    values = [
        f"nullif({name}, {MISSING}) as {name}" if isinstance(column, Nullable) else name
        for name, column in columns.items()
    ]
    values += [f"'{text}' as {name}" for name, text in (constants or {}).items()]
    connection.register("incoming_rows", {name: np.ascontiguousarray(array) for name, array in arrays.items()})
    select = f"select {', '.join(values)} from incoming_rows"
    connection.execute(f"create table if not exists {table} as {select} limit 0")
    connection.execute(f"insert into {table} by name {select}")
    connection.unregister("incoming_rows")


def fetch_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    """The first row of a query that always has one; LookupError where it has none."""
    row = connection.execute(query, list(parameters)).fetchone()
    if row is None:
        raise LookupError(f"No row came of: {query}")
    return row


def upsert(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str], select: str) -> int:
    """Replace the rows of `table` that share a key with what `select` gives, by column name; returns how many came."""
    connection.execute(f"create or replace temp table fresh_rows as {select}")
    if table.startswith('salesforce."') and is_edited(connection):
        keep_edits(connection, table.removeprefix("salesforce.").strip('"'), "fresh_rows")
    match = " and ".join(f'stale."{column}" = fresh."{column}"' for column in key)
    connection.execute(f"delete from {table} as stale using fresh_rows as fresh where {match}")
    count = connection.execute(f"insert into {table} by name select * from fresh_rows").fetchone()
    return int(count[0]) if count else 0
