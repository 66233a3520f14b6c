"""How the rows of one load change its raw table, set by set; each function runs inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.landing import Manifest
from connectors.raw.tables import RawTable, naive_utc
from connectors.schema import PART_META_COLUMNS, literal, quote

# the brake: a load that would delete more than both is held until a person lets it through
BRAKE_ROWS = 100
BRAKE_SHARE = 0.05

INCOMING = "incoming"
WINNERS = "winners"
DOOMED = "doomed"
_PART = "_part"  # column that names the file of a row; CRM columns may be called filename

# equal stamps: a deletion beats a live row, then the later row beats the earlier; equal content changes nothing
_IS_NEWER = """(
    incoming._modified_at > target._modified_at
    or (
        incoming._modified_at = target._modified_at
        and incoming._is_deleted >= target._is_deleted
        and incoming._content_hash <> target._content_hash
    )
)"""
_IS_DIFFERENT = "(incoming._content_hash <> target._content_hash)"
_NEVER = "false"


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


def merge(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, *, has_brake: bool = True
) -> Counts:
    """Apply one load in its mode. `has_brake=False` lets a mass deletion through; mode release must be resolved."""
    mode = load.manifest.request.mode
    stage_incoming(connection, load)
    if mode == "tombstone":
        return tombstone_listed(connection, target, load, has_brake=has_brake)
    if mode == "presence":
        revived = _revive(connection, target, load)
        return _with_tombstones(Counts(updated=revived), tombstone_missing(connection, target, load, has_brake))
    replaces = {"upsert": _IS_NEWER, "append": _NEVER}.get(mode, _IS_DIFFERENT)
    counts = put_rows(connection, target, load, replaces)
    if mode in ("snapshot", "replace_children"):
        return _with_tombstones(counts, tombstone_missing(connection, target, load, has_brake))
    return counts


def tombstone_only(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> Counts:
    """Apply the tombstones that the brake once held back in `load`, and nothing else of it."""
    stage_incoming(connection, load)
    if load.manifest.request.mode == "tombstone":
        return tombstone_listed(connection, target, load, has_brake=False)
    return tombstone_missing(connection, target, load, has_brake=False)


def stage_incoming(connection: duckdb.DuckDBPyConnection, load: LoadFiles) -> None:
    """Make the temporary view `incoming`: one row per record of the load, its newest version (append: its first)."""
    request = load.manifest.request
    hi = literal(naive_utc(request.window.hi))
    names = [quote(column.name) for column in request.schema.columns]
    names += [name for name, _ in PART_META_COLUMNS if name not in ("_modified_at", "_is_deleted")]
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
    rows = connection.execute(f"select count(*) = count(distinct _record_id) from ({parts})").fetchone()
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


def put_rows(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, replaces: str) -> Counts:
    """Insert new records, and replace known ones where `replaces` (SQL over incoming and target) holds."""
    columns = [quote(column.name) for column in load.manifest.request.schema.columns]
    columns += [name for name, _ in PART_META_COLUMNS]
    names, load_id = ", ".join(columns), literal(load.manifest.load_id)
    if target.is_empty(connection):
        inserted = _count(
            connection,
            f"insert into {target} ({names}, _load_id) select {names}, {load_id} from {INCOMING}",
        )
        return Counts(inserted=inserted)
    connection.execute(
        f"create or replace temp table {WINNERS} as select incoming._record_id, target._record_id is null as is_new, "
        f"target._record_id is null or {replaces} as is_winner, "
        f"incoming._content_hash = target._content_hash as is_equal "
        f"from {INCOMING} as incoming left join {target} as target on target._record_id = incoming._record_id"
    )
    row = connection.execute(
        f"select count(*) filter (is_new), count(*) filter (is_winner and not is_new), "
        f"count(*) filter (not is_winner and is_equal), count(*) filter (not is_winner and not is_equal) from {WINNERS}"
    ).fetchone()
    new, updated, unchanged, older = row or (0, 0, 0, 0)
    if updated:
        connection.execute(
            f"delete from {target} "
            f"where _record_id in (select _record_id from {WINNERS} where is_winner and not is_new)"
        )
    if new or updated:
        connection.execute(
            f"insert into {target} ({names}, _load_id) select {names}, {load_id} from {INCOMING} "
            f"where _record_id in (select _record_id from {WINNERS} where is_winner)"
        )
    return Counts(inserted=new, updated=updated, unchanged=unchanged, older=older)


def tombstone_listed(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, *, has_brake: bool
) -> Counts:
    """Flag the records that the load lists as deleted, unless the table knows a newer version of them."""
    connection.execute(
        f"create or replace temp table {DOOMED} as select target._record_id, incoming._modified_at as stamp, "
        "coalesce(incoming._deleted_at, incoming._modified_at) as deleted_at, incoming._merged_into as merged_into, "
        f"target._is_deleted as was_deleted from {INCOMING} as incoming "
        f"join {target} as target on target._record_id = incoming._record_id "
        "where incoming._modified_at >= target._modified_at and (not target._is_deleted "
        "or (incoming._merged_into is not null and incoming._merged_into is distinct from target._merged_into))"
    )
    row = connection.execute(
        f"select count(*), count(*) filter (_record_id not in (select _record_id from {target})) from {INCOMING}"
    ).fetchone()
    listed, unknown = row or (0, 0)
    counts = _flag_doomed(connection, target, load, has_brake)
    rest = listed - unknown - counts.tombstoned - counts.held
    return Counts(tombstoned=counts.tombstoned, held=counts.held, unknown=unknown, unchanged=rest)


def tombstone_missing(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, has_brake: bool
) -> Counts:
    """Flag the live records that the load should hold and does not.

    A record that became newer than the window since then is left alone.
    """
    request = load.manifest.request
    hi = literal(naive_utc(request.window.hi))
    scope = "true"
    if request.parent_column is not None:
        if not load.parents:
            return Counts()
        files = ", ".join(literal(str(path)) for path in load.parents)
        scope = f"target.{quote(request.parent_column)} in (select _parent_id from read_parquet([{files}]))"
    connection.execute(
        f"create or replace temp table {DOOMED} as select target._record_id, timestamp {hi} as stamp, "
        f"timestamp {hi} as deleted_at, cast(null as varchar) as merged_into, false as was_deleted "
        f"from {target} as target where not target._is_deleted and target._modified_at <= timestamp {hi} and {scope} "
        f"and target._record_id not in (select _record_id from {INCOMING})"
    )
    return _flag_doomed(connection, target, load, has_brake)


def _flag_doomed(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, has_brake: bool) -> Counts:
    row = connection.execute(
        f"select (select count(*) from {DOOMED}), (select count(*) from {DOOMED} where not was_deleted), "
        f"(select count(*) from {target} where not _is_deleted)"
    ).fetchone()
    doomed, vanishing, live = row or (0, 0, 0)
    if has_brake and vanishing > BRAKE_ROWS and vanishing > BRAKE_SHARE * live:
        return Counts(held=doomed)
    if doomed:
        # the hash changes with the state, so that a snapshot which shows the record again is not taken for a no-op
        connection.execute(
            f"update {target} as target set _is_deleted = true, _deleted_at = doomed.deleted_at, "
            "_merged_into = coalesce(doomed.merged_into, target._merged_into), _modified_at = doomed.stamp, "
            f"_load_id = {literal(load.manifest.load_id)}, "
            "_content_hash = md5(target._content_hash || chr(31) || 'deleted' || chr(31) || doomed.stamp) "
            f"from {DOOMED} as doomed where doomed._record_id = target._record_id"
        )
    return Counts(tombstoned=doomed)


def _revive(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> int:
    """Clear the tombstones of records that a full list of ids shows to be there."""
    hi = literal(naive_utc(load.manifest.request.window.hi))
    return _count(
        connection,
        f"update {target} as target set _is_deleted = false, _deleted_at = null, _merged_into = null, "
        f"_modified_at = timestamp {hi}, _load_id = {literal(load.manifest.load_id)}, "
        f"_content_hash = md5(target._content_hash || chr(31) || 'revived' || chr(31) || {hi}) "
        f"where _is_deleted and _modified_at < timestamp {hi} and _record_id in (select _record_id from {INCOMING})",
    )


def _with_tombstones(counts: Counts, deletions: Counts) -> Counts:
    return Counts(counts.inserted, counts.updated, counts.unchanged, counts.older, deletions.tombstoned, deletions.held)


def _count(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
