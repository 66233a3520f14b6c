"""What a record was before: the CRMs keep no history of users, roles, accounts, owners and stages, so raw does.

```
raw_salesforce.user            a row per user, as it is now
raw_salesforce_versions.user   a row per user and state of the watched columns, with the instant from which it held
```

A load that names watched columns makes the table of versions; whatever changes the records from then on, in any lane,
is followed. All of it comes from the log, so a replay gives the same versions. Deletions make no version: the record
says itself when it went.
"""

from collections.abc import Sequence

import duckdb

from connectors.raw.incoming import LoadFiles
from connectors.raw.tables import RawTable
from connectors.schema import TableSchema, literal, quote

VERSION_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_record_id", "VARCHAR"),
    ("_valid_from", "TIMESTAMP"),  # UTC
    ("_load_id", "VARCHAR"),
)
NEWEST = "newest_versions"
CHANGED = "changed_versions"


def versions_of(table: RawTable) -> RawTable:
    """The table of versions beside a raw table, which need not be there."""
    return RawTable(f"{table.schema_name}_versions", table.table_name, VERSION_COLUMNS)


def keep_versions(
    connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles, *, has_deletes: bool
) -> None:
    """Add what `load`, which is merged already, made of the watched columns. `has_deletes` is as for `RawTable.fit`."""
    versions = versions_of(target)
    request = load.manifest.request
    if not request.watched and not versions.exists(connection):
        return
    known = versions.columns(connection)
    wanted = {name.lower() for name in (*request.watched, *known)}
    watched = {name: kind for name, kind in target.columns(connection).items() if name.lower() in wanted}
    versions.fit(connection, TableSchema.of(watched), has_deletes=has_deletes)
    if request.mode == "erase":
        _forget(connection, target, versions, list(watched), load)
    elif versions.is_empty(connection):
        _begin(connection, target, versions, list(watched), "true")
    else:
        is_wider = len(watched) > len(known)
        if request.lane != "backfill":
            _append(connection, target, versions, list(watched), load)
        if is_wider or request.lane == "backfill":
            _complete(connection, target, versions, list(watched))


def _begin(
    connection: duckdb.DuckDBPyConnection, target: RawTable, versions: RawTable, watched: Sequence[str], chosen: str
) -> None:
    """Take the records with `chosen` (SQL over the raw table) as their own first versions."""
    names = "".join(f", {quote(name)}" for name in watched)
    connection.execute(
        f"insert into {versions} (_record_id, _valid_from, _load_id{names}) "
        f"select _record_id, _modified_at, _load_id{names} from {target} where {chosen}"
    )


def _append(
    connection: duckdb.DuckDBPyConnection,
    target: RawTable,
    versions: RawTable,
    watched: Sequence[str],
    load: LoadFiles,
) -> None:
    """Add a version of each record that the load made new, or different in a watched column.

    It holds from the record's own stamp. A change that moved no stamp was seen at the window's end.
    """
    load_id = literal(load.manifest.load_id)
    _list_newest(connection, versions, f"_record_id in (select _record_id from {target} where _load_id = {load_id})")
    differs = " or ".join(f"target.{quote(name)} is distinct from newest.{quote(name)}" for name in watched) or "false"
    connection.execute(
        f"create or replace temp table {CHANGED} as select target._record_id, "
        "case when newest._valid_from is null or target._modified_at > newest._valid_from then target._modified_at "
        f"else greatest({load.hi}, newest._valid_from) end as _valid_from "
        f"from {target} as target left join {NEWEST} as newest on newest._record_id = target._record_id "
        f"where target._load_id = {load_id} and (newest._record_id is null or {differs})"
    )
    if connection.execute(f"select 1 from {CHANGED} limit 1").fetchone() is None:
        return
    # two states of one instant: the later one is the state of it
    connection.execute(
        f"delete from {versions} where (_record_id, _valid_from) in (select (_record_id, _valid_from) from {CHANGED})"
    )
    names = "".join(f", {quote(name)}" for name in watched)
    values = "".join(f", target.{quote(name)}" for name in watched)
    connection.execute(
        f"insert into {versions} (_record_id, _valid_from, _load_id{names}) "
        f"select changed._record_id, changed._valid_from, target._load_id{values} from {CHANGED} as changed "
        f"join {target} as target on target._record_id = changed._record_id"
    )


def _complete(
    connection: duckdb.DuckDBPyConnection, target: RawTable, versions: RawTable, watched: Sequence[str]
) -> None:
    """Put into the newest versions what is known only now: a column that could not be read before is no change."""
    _list_newest(connection, versions, "true")
    values = ", ".join(f"{quote(name)} = target.{quote(name)}" for name in watched)
    differs = " or ".join(f"versions.{quote(name)} is distinct from target.{quote(name)}" for name in watched)
    connection.execute(
        f"update {versions} as versions set {values} from {target} as target, {NEWEST} as newest "
        "where versions._record_id = newest._record_id and versions._valid_from = newest._valid_from "
        f"and target._record_id = newest._record_id and ({differs})"
    )


def _forget(
    connection: duckdb.DuckDBPyConnection,
    target: RawTable,
    versions: RawTable,
    watched: Sequence[str],
    load: LoadFiles,
) -> None:
    """Leave of the erased one version each, which is as blank as the record."""
    erased = f"_load_id = {literal(load.manifest.load_id)}"
    connection.execute(f"delete from {versions} where _record_id in (select _record_id from {target} where {erased})")
    _begin(connection, target, versions, watched, erased)


def _list_newest(connection: duckdb.DuckDBPyConnection, versions: RawTable, chosen: str) -> None:
    connection.execute(
        f"create or replace temp table {NEWEST} as select * from {versions} where {chosen} "
        "qualify row_number() over (partition by _record_id order by _valid_from desc) = 1"
    )
