"""How the rows of one load change its raw table, set by set; each function runs inside the caller's transaction."""

from collections.abc import Sequence

import duckdb

from connectors.raw.deletions import revive, tombstone_listed, tombstone_missing
from connectors.raw.incoming import INCOMING, Counts, LoadFiles, count_rows, stage_incoming
from connectors.raw.patches import erase_records, patch_records
from connectors.raw.tables import RawTable
from connectors.raw.versions import Versions
from connectors.schema import PART_META_COLUMNS, literal, quote

WINNERS = "winners"
KEPT = "kept"

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


def merge(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, *, has_brake: bool = True
) -> Counts:
    """Apply one load in its mode. `has_brake=False` lets a mass deletion through; mode release must be resolved."""
    if load.manifest.request.mode == "none":
        return Counts()
    stage_incoming(connection, load)
    versions = Versions(connection, target, load)
    versions.remember()
    counts = _merge_staged(connection, target, load, has_brake=has_brake)
    versions.keep()
    return counts


def _merge_staged(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, *, has_brake: bool
) -> Counts:
    mode = load.manifest.request.mode
    if mode == "patch":
        return patch_records(connection, target, load)
    if mode == "erase":
        return erase_records(connection, target, load)
    if mode == "tombstone":
        return tombstone_listed(connection, target, load, has_brake=has_brake)
    if mode == "presence":
        revived = revive(connection, target, load)
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


def put_rows(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, replaces: str) -> Counts:
    """Insert new records, and replace known ones where `replaces` (SQL over incoming and target) holds.

    A column that the load does not read keeps what the table has of it.
    """
    if target.is_empty(connection):
        return Counts(inserted=_insert(connection, target, load, from_winners=False))
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
    kept: list[str] = []
    if updated:
        kept = _keep_unread(connection, target, load)
        connection.execute(
            f"delete from {target} "
            f"where _record_id in (select _record_id from {WINNERS} where is_winner and not is_new)"
        )
    if new or updated:
        _insert(connection, target, load, from_winners=True, kept=kept)
    if unchanged and load.manifest.request.mode == "upsert":
        nights = f" from {INCOMING} as incoming" if load.manifest.absorbed else ""
        connection.execute(
            f"update {target} as target set _calculated_as_of = {load.known_until}{nights} "
            f"where target._calculated_as_of < {load.known_until} "
            + (" and incoming._record_id = target._record_id " if nights else "")
            + f"and target._record_id in (select _record_id from {WINNERS} where is_equal and not is_winner)"
        )
    return Counts(inserted=new, updated=updated, unchanged=unchanged, older=older)


def _keep_unread(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> list[str]:
    """Put aside what is about to be replaced, of the columns that the load does not read; the columns' names."""
    read = {column.name.lower() for column in load.columns}
    unread = [name for name in target.columns(connection) if name.lower() not in read]
    if unread:
        names = ", ".join(quote(name) for name in unread)
        connection.execute(
            f"create or replace temp table {KEPT} as select _record_id, {names} from {target} "
            f"where _record_id in (select _record_id from {WINNERS} where is_winner and not is_new)"
        )
    return unread


def _insert(
    connection: duckdb.DuckDBPyConnection,
    target: RawTable,
    load: LoadFiles,
    *,
    from_winners: bool,
    kept: Sequence[str] = (),
) -> int:
    columns = [quote(column.name) for column in load.columns] + [name for name, _ in PART_META_COLUMNS]
    values = load.values(target.columns(connection)) + [f"incoming.{name}" for name, _ in PART_META_COLUMNS]
    joined = ""
    if kept:
        columns += [quote(name) for name in kept]
        values += [f"kept.{quote(name)}" for name in kept]
        joined = f" left join {KEPT} as kept on kept._record_id = incoming._record_id"
    chosen = f" where incoming._record_id in (select _record_id from {WINNERS} where is_winner)" if from_winners else ""
    return count_rows(
        connection,
        f"insert into {target} ({', '.join(columns)}, _load_id, _calculated_as_of) "
        f"select {', '.join(values)}, {literal(load.manifest.load_id)}, {load.known_until} "
        f"from {INCOMING} as incoming{joined}{chosen}",
    )


def _with_tombstones(counts: Counts, deletions: Counts) -> Counts:
    return Counts(counts.inserted, counts.updated, counts.unchanged, counts.older, deletions.tombstoned, deletions.held)
