"""Committed loads become raw tables: in order, exactly once, one transaction per table."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import duckdb

from connectors.engine import EngineSettings, limited, read_warehouse
from connectors.errors import ConfigurationError, DamagedLogError
from connectors.landing import LandingLog, Lease, Manifest, parse_utc
from connectors.raw.coverage import META_TABLES, record_coverage
from connectors.raw.incoming import Counts, LoadFiles
from connectors.raw.merge import merge, tombstone_only
from connectors.raw.tables import META_SCHEMA, RawTable, create_meta_tables, naive_utc, table_names
from connectors.raw.versions import versions_of
from connectors.schema import literal
from connectors.steps import Tell, tell_nobody

_PARQUET = b"PAR1"  # how a Parquet file begins and ends

# modes that bring no rows of their own, and so make no table
_ONLY_DELETES = frozenset(["tombstone", "presence", "release", "patch", "erase", "none"])

# What DuckDB may use for a table's transaction, at first: a first load of any size fits into it. A great many changes
# of wide rows at once may not, and then get as much as the connection allows.
LEAN_MEMORY = "250MB"


@dataclass(frozen=True)
class Applied:
    """One load that is now in its raw table, and what it changed there."""

    load_id: str
    object_name: str
    lane: str
    raw_table: str
    counts: Counts


def schema_name(connection_name: str) -> str:
    """The raw schema of a connection: `raw_salesforce`."""
    return f"raw_{connection_name}"


def apply_loads(
    connection: duckdb.DuckDBPyConnection, log: LandingLog, crm: str, *, memory: str = LEAN_MEMORY
) -> list[Applied]:
    """Apply every committed load of connection `crm` that this warehouse has not seen, in commit order.

    `memory` is what DuckDB may use at first, as its text ("400MB").

    One transaction per raw table; the transaction that changes the rows also writes `raw_meta.loads`, so a load is
    applied exactly once whenever the process dies.
    """
    _prepare(connection)
    seen = {
        (object_name, load_id)
        for object_name, load_id in connection.execute(
            f"select object, load_id from {META_SCHEMA}.loads where connection = {literal(crm)}"
        ).fetchall()
    }
    manifests = log.manifests(crm)
    pending = [manifest for manifest in manifests if (manifest.request.object_name, manifest.load_id) not in seen]
    applied = _apply_by_table(connection, log, crm, pending, memory, is_replay=False)
    if pending or not _has_coverage(connection, crm):
        _record_coverage(connection, crm, manifests)
    return applied


def replay(
    connection: duckdb.DuckDBPyConnection, log: LandingLog, crm: str, *, tell: Tell = tell_nobody
) -> list[Applied]:
    """Drop the raw tables of `crm` and build them again from the log alone, without one API call.

    `tell` hears after each load how many of all loads are applied, and in which raw table.
    Each table is dropped and rebuilt in one transaction: readers see the old one or the new one.
    """
    _prepare(connection)
    manifests = log.manifests(crm)
    built = {manifest.request.raw_table for manifest in manifests}
    for table_name in table_names(connection, schema_name(crm)):
        if table_name not in built:
            _drop(connection, RawTable(schema_name(crm), table_name))
            connection.execute(
                f"delete from {META_SCHEMA}.loads "
                f"where connection = {literal(crm)} and raw_table = {literal(table_name)}"
            )
    applied = _apply_by_table(connection, log, crm, manifests, LEAN_MEMORY, is_replay=True, tell=tell)
    _record_coverage(connection, crm, manifests)
    return applied


def release_held(log: LandingLog, lease: Lease, crm: str, load_id: str) -> Manifest:
    """Let the tombstones through that the brake held in load `load_id`; the next apply carries them out.

    The decision is itself a load of the log, so a replay repeats it at the same place.

    Raises:
        ConfigurationError: there is no such load.
    """
    for manifest in log.manifests(crm):
        if manifest.load_id == load_id and manifest.request.mode != "release":
            return log.commit_release(manifest, lease)
    raise ConfigurationError(f"{crm} has no load {load_id}. raw_meta.loads lists the held ones (rows_held > 0).")


def record_sync(connection: duckdb.DuckDBPyConnection, crm: str, identity: str, hi: datetime) -> None:
    """Write down up to where (exclusive) the last completed sync of `crm` knows everything."""
    create_meta_tables(connection)
    connection.execute(
        f"insert or replace into {META_SCHEMA}.sync_state (connection, identity, hi) "
        f"values ({literal(crm)}, {literal(identity)}, {literal(naive_utc(hi))})"
    )


def last_sync_upper_bound(warehouse: Path, connections: Collection[str] | None = None) -> datetime | None:
    """Up to where (exclusive, UTC) every connection's last completed sync knows everything; None before the first.

    With several connections it is the earliest of theirs: what lies before it is known of all of them.
    `connections` are those that count: one that is no longer synced would hold the bound for ever. None counts all.
    """
    if not warehouse.exists():
        return None
    with read_warehouse(warehouse) as connection:
        if "sync_state" not in table_names(connection, META_SCHEMA):
            return None
        rows = connection.execute(f"select connection, cast(hi as varchar) from {META_SCHEMA}.sync_state").fetchall()
    return min((parse_utc(hi) for name, hi in rows if connections is None or name in connections), default=None)


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    create_meta_tables(connection)
    connection.execute(META_TABLES)


def _has_coverage(connection: duckdb.DuckDBPyConnection, crm: str) -> bool:
    found = connection.execute(f"select 1 from {META_SCHEMA}.coverage where connection = {literal(crm)} limit 1")
    return found.fetchone() is not None


def _record_coverage(connection: duckdb.DuckDBPyConnection, crm: str, manifests: Sequence[Manifest]) -> None:
    with _transaction(connection):
        record_coverage(connection, crm, manifests)


def _drop(connection: duckdb.DuckDBPyConnection, target: RawTable) -> None:
    target.drop(connection)
    versions_of(target).drop(connection)


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _apply_by_table(
    connection: duckdb.DuckDBPyConnection,
    log: LandingLog,
    crm: str,
    loads: Sequence[Manifest],
    memory: str,
    *,
    is_replay: bool,
    tell: Tell = tell_nobody,
) -> list[Applied]:
    by_table = sorted(loads, key=lambda manifest: (manifest.request.raw_table, manifest.sequence))
    applied: list[Applied] = []
    for table_name, of_table in groupby(by_table, key=lambda manifest: manifest.request.raw_table):
        target, manifests = RawTable(schema_name(crm), table_name), list(of_table)
        for limits in (EngineSettings(memory), EngineSettings(memory, threads=1), EngineSettings()):
            try:
                with limited(connection, limits):
                    done = len(applied)
                    applied += _apply_table(
                        connection, log, target, manifests, is_replay=is_replay, tell=_from(done, len(loads), tell)
                    )
                break
            except duckdb.OutOfMemoryException:  # the table is as it was
                if limits == EngineSettings():
                    raise
    return applied


def _apply_table(
    connection: duckdb.DuckDBPyConnection,
    log: LandingLog,
    target: RawTable,
    manifests: Sequence[Manifest],
    *,
    is_replay: bool,
    tell: Callable[[int, str], None],
) -> list[Applied]:
    applied: list[Applied] = []
    with _transaction(connection):
        if is_replay:
            _drop(connection, target)
            connection.execute(
                f"delete from {META_SCHEMA}.loads where connection = {literal(manifests[0].request.connection)} "
                f"and raw_table = {literal(target.table_name)}"
            )
        has_deletes = False
        for manifest in manifests:
            result = _apply_load(connection, log, target, manifest, has_deletes=has_deletes)
            has_deletes = has_deletes or result.counts.updated > 0 or result.counts.tombstoned > 0
            applied.append(result)
            tell(len(applied), target.table_name)
    return applied


def _from(done: int, total: int, tell: Tell) -> Callable[[int, str], None]:
    """Of a table's loads, how many of all are done: a table that is begun again is counted again."""
    return lambda of_table, table: tell(done + of_table, total, table)


def _apply_load(
    connection: duckdb.DuckDBPyConnection, log: LandingLog, target: RawTable, manifest: Manifest, *, has_deletes: bool
) -> Applied:
    request = manifest.request
    if request.mode not in _ONLY_DELETES or target.exists(connection):
        counts = _merge_load(connection, log, target, manifest, has_deletes=has_deletes)
    else:
        counts = Counts(unknown=manifest.rows_landed)
    values: list[str | int | None] = [
        request.connection,
        request.object_name,
        manifest.load_id,
        manifest.sequence,
        request.lane,
        request.mode,
        request.raw_table,
        naive_utc(request.window.lo) if request.window.lo else None,
        naive_utc(request.window.hi),
        manifest.rows_landed,
        *astuple(counts),
        naive_utc(datetime.now(UTC)),
    ]
    connection.execute(f"insert into {META_SCHEMA}.loads values ({', '.join(literal(value) for value in values)})")
    return Applied(manifest.load_id, request.object_name, request.lane, request.raw_table, counts)


def _merge_load(
    connection: duckdb.DuckDBPyConnection, log: LandingLog, target: RawTable, manifest: Manifest, *, has_deletes: bool
) -> Counts:
    request = manifest.request
    if request.mode == "none":
        return Counts()
    target.fit(connection, request.schema, has_deletes=has_deletes)
    held = manifest
    if manifest.releases is not None:
        loads = log.manifests(request.connection, request.object_name)
        held = next(load for load in loads if load.load_id == manifest.releases)
    # the flags of a release carry the id of the decision, not of the load it decided about
    files = LoadFiles(replace(held, load_id=manifest.load_id), log.part_paths(held), log.parents_paths(held))
    try:
        return merge(connection, target, files) if held is manifest else tombstone_only(connection, target, files)
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        damaged = [path for path in (*files.parts, *files.parents) if not is_whole(path)]
        if not damaged:
            raise
        raise DamagedLogError(
            f"{', '.join(str(path.relative_to(log.root)) for path in damaged)} of load {held.load_id} of "
            f"{request.connection} {request.object_name} is torn or missing. Restore it from a backup; nothing of "
            f"{target} was changed."
        ) from error


def is_whole(path: Path) -> bool:
    """Whether a Parquet file is there with its beginning and its end."""
    if not path.is_file() or path.stat().st_size < 2 * len(_PARQUET):
        return False
    with path.open("rb") as file:
        head = file.read(len(_PARQUET))
        file.seek(-len(_PARQUET), os.SEEK_END)
        return head == file.read() == _PARQUET
