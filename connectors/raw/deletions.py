"""Tombstones: set for what a load lists or lacks, held by the brake, cleared for what is there again."""

import duckdb

from connectors.raw.incoming import INCOMING, Counts, LoadFiles, count_listed, count_rows
from connectors.raw.tables import RawTable, naive_utc
from connectors.schema import literal, quote

# the brake: a load that would delete more than both is held until a person lets it through
BRAKE_ROWS = 100
BRAKE_SHARE = 0.05

DOOMED = "doomed"


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
    listed, unknown = count_listed(connection, target)
    counts = _flag_doomed(connection, target, load, has_brake)
    rest = listed - unknown - counts.tombstoned - counts.held
    return Counts(tombstoned=counts.tombstoned, held=counts.held, unknown=unknown, unchanged=rest)


def tombstone_missing(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, has_brake: bool
) -> Counts:
    """Flag the live records that the load should hold and does not.

    Records that became newer than the window since then are left alone, and so are those too old for the CRM to keep.
    """
    request = load.manifest.request
    hi = literal(naive_utc(request.window.hi))
    scope = "true"
    # HubSpot's rows say themselves when they were archived
    known = "target.archived_at" if "archived_at" in target.columns(connection) else "null"
    if request.parent_column is not None:
        if not load.parents:
            return Counts()
        files = ", ".join(literal(str(path)) for path in load.parents)
        scope = f"target.{quote(request.parent_column)} in (select _parent_id from read_parquet([{files}]))"
    if request.kept_for is not None:
        scope += f" and target._modified_at >= timestamp {literal(naive_utc(request.window.hi - request.kept_for))}"
    connection.execute(
        f"create or replace temp table {DOOMED} as select target._record_id, timestamp {hi} as stamp, "
        f"coalesce({known}, timestamp {hi}) as deleted_at, cast(null as varchar) as merged_into, false as was_deleted "
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


def revive(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> int:
    """Clear the tombstones of records that a full list of ids shows to be there."""
    hi = literal(naive_utc(load.manifest.request.window.hi))
    return count_rows(
        connection,
        f"update {target} as target set _is_deleted = false, _deleted_at = null, _merged_into = null, "
        f"_modified_at = timestamp {hi}, _load_id = {literal(load.manifest.load_id)}, "
        f"_content_hash = md5(target._content_hash || chr(31) || 'revived' || chr(31) || {hi}) "
        f"where _is_deleted and _modified_at < timestamp {hi} and _record_id in (select _record_id from {INCOMING})",
    )
