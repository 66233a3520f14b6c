"""A load on its way into its raw table: what it holds, one row per record, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.landing import Manifest
from connectors.raw.tables import RawTable, naive_utc
from connectors.schema import KNOWN_UNTIL, PART_META_COLUMNS, Column, converted, literal, quote

INCOMING = "incoming"
_PART = "_part"  # column that names the file of a row; CRM columns may be called filename


@dataclass(frozen=True)
class Counts:
    """What a load did to its raw table, in rows."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    """Versions of a record that the table knows in a newer one."""
    tombstoned: int = 0
    held: int = 0
    """Tombstones that the brake held back."""
    unknown: int = 0
    """Deletions of records that were never seen."""


@dataclass(frozen=True)
class LoadFiles:
    """A committed load with the paths of its parts."""

    manifest: Manifest
    parts: Sequence[Path]
    parents: Sequence[Path]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The CRM's columns that the load really read."""
        request = self.manifest.request
        withheld = {name.lower() for name in request.withheld}
        return tuple(column for column in request.schema.columns if column.name.lower() not in withheld)

    def values(self, types: Mapping[str, str]) -> list[str]:
        """SQL of the load's columns of `incoming`, each as the type that the raw table has it in."""
        known = {name.lower(): kind for name, kind in types.items()}
        return [
            converted(f"incoming.{quote(column.name)}", column.duckdb_type, known[column.name.lower()])
            for column in self.columns
        ]

    @property
    def hi(self) -> str:
        """The window's upper bound, as an SQL literal of UTC without zone."""
        return "timestamp " + literal(naive_utc(self.manifest.request.window.hi))

    @property
    def known_until(self) -> str:
        """Up to when what a row of `incoming` says is known, as SQL: a load of several nights says it row by row."""
        return f"incoming.{KNOWN_UNTIL}" if self.manifest.absorbed else self.hi


def stage_incoming(connection: duckdb.DuckDBPyConnection, load: LoadFiles) -> None:
    """Make the temporary view `incoming`: one row per record of the load, its newest version (append: its first)."""
    request = load.manifest.request
    hi = literal(naive_utc(request.window.hi))
    names = [quote(column.name) for column in request.schema.columns]
    names += [name for name, _ in PART_META_COLUMNS if name not in ("_modified_at", "_is_deleted")]
    names += [KNOWN_UNTIL] if load.manifest.absorbed else []
    if not load.parts:
        typed = [f"cast(null as {column.duckdb_type}) as {quote(column.name)}" for column in request.schema.columns]
        typed += [f"cast(null as {kind}) as {name}" for name, kind in PART_META_COLUMNS]
        connection.execute(f"create or replace temp view {INCOMING} as select {', '.join(typed)} limit 0")
        return
    files = ", ".join(literal(str(path)) for path in load.parts)
    parts = (
        f"select {', '.join(names)}, coalesce(_modified_at, timestamp {hi}) as _modified_at, "
        f"coalesce(_is_deleted, false) as _is_deleted, {_PART}, file_row_number "
        f"from read_parquet([{files}], filename = {literal(_PART)}, file_row_number = true)"
    )
    chosen = f"select * exclude ({_PART}, file_row_number) from ({parts})"
    # by hash: ids are long, and two that share one only make the way below be taken
    rows = connection.execute(f"select count(*) = count(distinct hash(_record_id)) from ({parts})").fetchone()
    if rows == (True,):  # as nearly always: then no copy of the load is made
        connection.execute(f"create or replace temp view {INCOMING} as {chosen}")
        return
    order = f"{_PART} desc, file_row_number desc"
    if request.mode in ("upsert", "tombstone"):
        order = f"_modified_at desc, _is_deleted desc, {order}"
    elif request.mode == "append":
        order = f"{_PART}, file_row_number"
    connection.execute(
        f"create or replace temp table {INCOMING}_newest as {chosen} "
        f"qualify row_number() over (partition by _record_id order by {order}) = 1"
    )
    connection.execute(f"create or replace temp view {INCOMING} as from {INCOMING}_newest")


def count_listed(connection: duckdb.DuckDBPyConnection, target: RawTable) -> tuple[int, int]:
    """How many records the staged load lists, and how many of them the table does not have.

    The table passes by what is listed: to remember all its ids would take memory that grows with it.
    """
    listed = count_rows(connection, f"select count(*) from {INCOMING}")
    known = count_rows(
        connection, f"select count(*) from {target} where _record_id in (select _record_id from {INCOMING})"
    )
    return listed, listed - known


def count_rows(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Run a statement that answers with one number."""
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
