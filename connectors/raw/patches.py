"""Loads that change known records only: some of their columns, or all that is personal in them."""

import duckdb

from connectors.raw.incoming import INCOMING, Counts, LoadFiles, count_listed, count_rows
from connectors.raw.tables import RawTable
from connectors.schema import KEPT_WHEN_ERASED, UNFIT_VALUES, literal, quote, unfit_without

PATCHES = "patches"
FORGOTTEN = "forgotten"

# independent of what was there: nothing of an erased record can be guessed from it, and a replay of parts that were
# blanked gives the same
_ERASED_HASH = "md5('erased' || chr(31) || target._record_id)"


def patch_records(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> Counts:
    """Put the load's columns where they differ, unless the table knows a version newer than the load's window.

    A calculated lane also stamps the records that it looked at, whether they differ or not.
    """
    names = [quote(column.name) for column in load.columns]
    incoming = dict(zip(names, load.values(target.columns(connection)), strict=True))
    if quote(UNFIT_VALUES) in incoming:
        incoming[quote(UNFIT_VALUES)] = _unfit_values(load)
    differs = " or ".join(f"{value} is distinct from target.{name}" for name, value in incoming.items()) or "false"
    columns = "".join(f", {value} as {name}" for name, value in incoming.items())
    connection.execute(
        f"create or replace temp table {PATCHES} as select incoming._record_id, incoming._content_hash, "
        f"target._modified_at <= {load.hi} as is_current, target._modified_at <= {load.hi} and ({differs}) "
        f"as is_different{columns} "
        f"from {INCOMING} as incoming join {target} as target on target._record_id = incoming._record_id"
    )
    row = connection.execute(
        f"select (select count(*) from {INCOMING}), count(*), count(*) filter (is_different), "
        f"count(*) filter (not is_current) from {PATCHES}"
    ).fetchone()
    listed, known, different, newer = row or (0, 0, 0, 0)
    if different:
        values = ", ".join(f"{name} = patches.{name}" for name in names)
        # the hash changes, so that a version which is read again with the older values is not taken for a no-op
        connection.execute(
            f"update {target} as target set {values}, _load_id = {literal(load.manifest.load_id)}, "
            "_content_hash = md5(target._content_hash || chr(31) || 'patched' || chr(31) || patches._content_hash) "
            f"from {PATCHES} as patches where patches.is_different and patches._record_id = target._record_id"
        )
    if load.manifest.request.lane == "calculated":
        connection.execute(
            f"update {target} as target set _calculated_as_of = {load.hi} from {PATCHES} as patches "
            "where patches.is_current and patches._record_id = target._record_id "
            f"and (target._calculated_as_of is null or target._calculated_as_of < {load.hi})"
        )
    return Counts(updated=different, unchanged=known - different - newer, older=newer, unknown=listed - known)


def _unfit_values(load: LoadFiles) -> str:
    """What is unfit of a record whose other columns stay as they are: theirs, and what the load says of its own."""
    others = unfit_without(f"target.{UNFIT_VALUES}", (column.name for column in load.columns))
    both = f"json_merge_patch(coalesce({others}, '{{}}'), coalesce(incoming.{UNFIT_VALUES}, '{{}}'))"
    return (
        f"case when target.{UNFIT_VALUES} is not null or incoming.{UNFIT_VALUES} is not null "
        f"then nullif(cast({both} as varchar), '{{}}') end"
    )


def erase_records(connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> Counts:
    """Tombstone the listed records and blank all that the CRM said of them, whatever their stamps are.

    Records that were merged into a listed one are the same person and go with it.
    """
    blanked = [name for name in target.columns(connection) if name.lower() not in KEPT_WHEN_ERASED]
    blanks = "".join(f"{quote(name)} = null, " for name in blanked)
    _list_forgotten(connection, target)
    listed, unknown = count_listed(connection, target)
    erased = count_rows(
        connection,
        f"update {target} as target set {blanks}_is_deleted = true, _calculated_as_of = null, "
        "_deleted_at = coalesce(target._deleted_at, forgotten._deleted_at, forgotten._modified_at), "
        "_merged_into = coalesce(forgotten._merged_into, target._merged_into), "
        "_modified_at = greatest(target._modified_at, forgotten._modified_at), "
        f"_load_id = {literal(load.manifest.load_id)}, _content_hash = {_ERASED_HASH} "
        f"from {FORGOTTEN} as forgotten where forgotten._record_id = target._record_id "
        f"and target._content_hash <> {_ERASED_HASH}",
    )
    return Counts(tombstoned=erased, unchanged=max(0, listed - unknown - erased), unknown=unknown)


def _list_forgotten(connection: duckdb.DuckDBPyConnection, target: RawTable) -> None:
    """Make the table of the listed records and of all that were ever merged into one of them."""
    connection.execute(
        f"create or replace temp table {FORGOTTEN} as with recursive "
        "same_person(_record_id, _deleted_at, _modified_at, _merged_into) as ("
        f"select _record_id, _deleted_at, _modified_at, _merged_into from {INCOMING} "
        "union select target._record_id, same_person._deleted_at, same_person._modified_at, target._merged_into "
        f"from {target} as target inner join same_person on target._merged_into = same_person._record_id) "
        "select _record_id, min(_deleted_at) as _deleted_at, min(_modified_at) as _modified_at, "
        "min(_merged_into) as _merged_into from same_person group by _record_id"
    )
