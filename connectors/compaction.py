"""The warehouse file without its old pages.

DuckDB marks a page as free when its rows change, and leaves the bytes on disk: a value that was erased can still be
found in the file. Here every table is written into a new file, which then takes the old one's place.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.engine import LOCK_WAIT_SECONDS, EngineSettings, open_warehouse
from connectors.errors import UnexpectedReplyError
from connectors.landing.durable import publish, sync_folder
from connectors.schema import literal, quote

_NEW = "compacted"  # name of the attached new file


@dataclass(frozen=True)
class Compaction:
    """Sizes in bytes."""

    before: int
    after: int


def compact_warehouse(
    path: Path, settings: EngineSettings | None = None, *, wait_seconds: float = LOCK_WAIT_SECONDS
) -> Compaction:
    """Write every table and view into a new file and put it in the place of the old one, all at once.

    The file is held for writing meanwhile; it needs as much free disk as it is large. A process that dies leaves the
    old file as it was. Open readers keep the old file until they close it.

    Raises:
        BusyError: another process has the file open.
        UnexpectedReplyError: the copy differs; the old file stays.
    """
    before = path.stat().st_size
    new = path.with_name(path.name + ".compacting")
    for leftover in (new, Path(f"{new}.wal")):
        leftover.unlink(missing_ok=True)
    with open_warehouse(path, settings, wait_seconds=wait_seconds) as connection:
        connection.execute("checkpoint")
        _copy(connection, new)
        if os.name != "nt":  # Windows cannot replace an open file
            publish(new, path)
    if os.name == "nt":
        publish(new, path)
    sync_folder(path.parent)
    return Compaction(before, path.stat().st_size)


def _copy(connection: duckdb.DuckDBPyConnection, new: Path) -> None:
    row = connection.execute("select current_database()").fetchone()
    old_name = str(row[0]) if row else ""
    connection.execute(f"attach {literal(str(new))} as {_NEW}")
    try:
        connection.execute(f"copy from database {quote(old_name)} to {_NEW}")
        old_rows, new_rows = _rows(connection, old_name), _rows(connection, _NEW)
        differing = sorted(name for name in old_rows | new_rows if old_rows.get(name) != new_rows.get(name))
        if differing:
            raise UnexpectedReplyError(f"The compacted file differs in {', '.join(differing)}; the old file stays.")
        connection.execute(f"checkpoint {_NEW}")
    finally:
        connection.execute(f"detach {_NEW}")


def _rows(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int]:
    """Rows of every table by `schema.table`, and -1 for every view."""
    tables = connection.execute(
        f"select schema_name, table_name from duckdb_tables() where database_name = {literal(database)}"
    ).fetchall()
    rows = {}
    for schema, table in tables:
        count = connection.execute(f"select count(*) from {quote(database)}.{quote(schema)}.{quote(table)}").fetchone()
        rows[f"{schema}.{table}"] = int(count[0]) if count else 0
    views = connection.execute(
        f"select schema_name, view_name from duckdb_views() where database_name = {literal(database)} and not internal"
    ).fetchall()
    return rows | {f"{schema}.{view}": -1 for schema, view in views}
