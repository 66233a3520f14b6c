"""Publishing: a new allow-listed file beside the old ones, then one atomic move of the link that readers follow.

    warehouse.duckdb ──(CTAS of the allowed tables)──► published/crm-<as_of>-<n>.duckdb   (views stay views)
                                                       published/crm.duckdb ──► that file

Readers resolve the link once and keep the version they opened. A file that fails a check here never
gets the link; it is removed and yesterday's stays.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from connectors.errors import CrmError

LINK_NAME = "crm.duckdb"
KEPT_VERSIONS = 7
# any DuckDB 1.x reader opens this format; the default of later versions is not readable by BI drivers that lag
STORAGE_VERSION = "v1.0.0"
_VERSION_NAME = re.compile(r"crm-(\d{8}T\d{6}Z)-(\d{3,})\.duckdb")


class PublicationError(CrmError):
    """The new file was not published; the one readers have is untouched."""


@dataclass(frozen=True)
class TableName:
    """A table that may be published."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Publication:
    """One published version; `rows` by `schema.table`, `size` in bytes."""

    version: str
    path: Path
    as_of: datetime
    rows: Mapping[str, int]
    size: int


def last_published_before(folder: Path, as_of: datetime) -> datetime | None:
    """`as_of` (aware UTC) of the newest version in `folder` that tells of an earlier instant; None where none does."""
    stamps = [match[1] for path in folder.glob("crm-*.duckdb") if (match := _VERSION_NAME.fullmatch(path.name))]
    moments = [datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for stamp in stamps]
    return max((moment for moment in moments if moment < as_of), default=None)


def publish(
    warehouse: Path,
    folder: Path,
    *,
    as_of: datetime,
    tables: Sequence[TableName],
    facts: Mapping[str, str],
) -> Publication:
    """Build, check and link a new version holding `tables` and a table `quality.publication` of `facts`.

    `as_of` is aware UTC. `facts` are shown to readers as they are (keys such as `untrusted_open_amount`).

    Raises:
        PublicationError: a table is missing, empty of columns, or its copy differs; nothing was linked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = _next_version(folder, as_of)
    building = target.with_suffix(".building")
    _remove_unfinished(folder)
    try:
        rows = _build(warehouse, building, tables, {**facts, "version": target.stem, "as_of": as_of.isoformat()})
        _verify(building, rows)
    except (duckdb.Error, PublicationError) as error:
        _remove_unfinished(folder)
        raise PublicationError(
            f"The new version {target.name} was not published: {error} Readers keep {what_readers_keep(folder)}. "
            "Mend the cause and materialize `published/crm` again."
        ) from error
    building.chmod(0o444)
    _sync_to_disk(building)
    building.rename(target)
    _move_link(folder, target)
    _remove_old_versions(folder)
    return Publication(target.stem, target, as_of, rows, target.stat().st_size)


def current_version(folder: Path) -> str | None:
    """Name of the version that readers get now, such as `crm-20260317T010000Z-001`; None before the first."""
    link = folder / LINK_NAME
    return link.resolve().stem if link.exists() else None


def what_readers_keep(folder: Path) -> str:
    """For messages: the current version's name, or that there is none."""
    return current_version(folder) or "nothing: no version was published yet"


def _next_version(folder: Path, as_of: datetime) -> Path:
    stamp = as_of.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    taken = [int(match[2]) for path in folder.iterdir() if (match := _VERSION_NAME.fullmatch(path.name))]
    return folder / f"crm-{stamp}-{max(taken, default=0) + 1:03d}.duckdb"


def _build(warehouse: Path, building: Path, tables: Sequence[TableName], facts: Mapping[str, str]) -> dict[str, int]:
    # an in-memory hub with both files attached: tables are written into an empty file, so nothing dropped lingers
    with duckdb.connect(":memory:") as hub:
        hub.execute(f"attach '{_literal(warehouse)}' as work (read_only)")
        hub.execute(f"attach '{_literal(building)}' as target (storage_version '{STORAGE_VERSION}')")
        views, comments = _views(hub), _comments(hub)
        # one transaction, which the disk confirms once; a view is made where the tables that it reads are there
        hub.execute("begin")
        rows = {
            str(table): _copy(hub, table, views.get(table), comments.get(table))
            for table in sorted(tables, key=views.__contains__)
        }
        hub.execute("create schema if not exists target.quality")
        hub.execute("create table target.quality.publication (fact varchar, value varchar)")
        hub.executemany("insert into target.quality.publication values (?, ?)", sorted(facts.items()))
        hub.execute("commit")
        hub.execute("checkpoint target")
        hub.execute("detach target")
    if _wal(building).exists():
        raise PublicationError("a write-ahead log was left beside the new file.")
    return rows


def _views(hub: duckdb.DuckDBPyConnection) -> dict[TableName, str]:
    """Views of the warehouse and the statements that make them, which name no database."""
    found = hub.execute(
        "select schema_name, view_name, sql from duckdb_views() where database_name = 'work' and not internal"
    ).fetchall()
    return {TableName(schema, name): statement for schema, name, statement in found}


def _comments(hub: duckdb.DuckDBPyConnection) -> dict[TableName, list[tuple[str, str, str]]]:
    """Of each table and view: what is commented (`column`, `table` or `view`), its suffix, and the comment."""
    found = hub.execute(
        """
        select schema_name, table_name, 'column', '."' || column_name || '"', comment from duckdb_columns()
        where database_name = 'work'
        union all
        select schema_name, table_name, 'table', '', comment from duckdb_tables() where database_name = 'work'
        union all
        select schema_name, view_name, 'view', '', comment from duckdb_views() where database_name = 'work'
        """
    ).fetchall()
    comments: dict[TableName, list[tuple[str, str, str]]] = {}
    for schema, name, kind, suffix, comment in found:
        comments.setdefault(TableName(schema, name), []).append((kind, suffix, comment or ""))
    return comments


def _copy(
    hub: duckdb.DuckDBPyConnection,
    table: TableName,
    view: str | None,
    comments: Sequence[tuple[str, str, str]] | None,
) -> int:
    if comments is None:
        raise PublicationError(f"table {table} is not in the warehouse; build it first.")
    hub.execute(f'create schema if not exists target."{table.schema}"')
    name = f'"{table.schema}"."{table.name}"'
    if view is None:
        hub.execute(f"create table target.{name} as select * from work.{name}")
    else:
        hub.execute("use target")
        hub.execute(view)
        hub.execute("use memory")
    for kind, suffix, comment in comments:
        if comment:
            hub.execute(f"comment on {kind} target.{name}{suffix} is '{_literal(comment)}'")
    counted = hub.execute(f"select count(*) from target.{name}").fetchone()
    return int(counted[0]) if counted else 0


def _verify(building: Path, rows: Mapping[str, int]) -> None:
    """Open the new file as a reader would and count again."""
    settings: dict[str, str | bool | int | float | list[str]] = {"enable_external_access": "false"}
    with duckdb.connect(str(building), read_only=True, config=settings) as reader:
        for table, expected in rows.items():
            counted = reader.execute(f"select count(*) from {table}").fetchone()
            if counted is None or counted[0] != expected:
                raise PublicationError(f"table {table} has {counted} rows in the new file, {expected} were written.")


def _move_link(folder: Path, target: Path) -> None:
    temporary = folder / f".{LINK_NAME}.next"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target.name)
    temporary.replace(folder / LINK_NAME)


def _remove_old_versions(folder: Path) -> None:
    versions = sorted(
        (path for path in folder.iterdir() if _VERSION_NAME.fullmatch(path.name)),
        key=lambda path: int(_VERSION_NAME.fullmatch(path.name)[2]),  # type: ignore[index]
    )
    for path in versions[:-KEPT_VERSIONS]:
        path.unlink()


def _remove_unfinished(folder: Path) -> None:
    """What a failed publication, or one that was killed, left; there is one publisher at a time."""
    for path in folder.glob("crm-*.building*"):
        path.unlink()


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _literal(value: Path | str) -> str:
    return str(value).replace("'", "''")
