"""What records were before: where a CRM keeps no history of an object, raw does.

```
raw_salesforce.user            a row per user, as it is now
raw_salesforce_versions.user   of users that have changed, a row per state of the watched columns, the present one
                               included, with the instant from which it held
```

A load that names watched columns begins it; whatever changes the records from then on, in any lane, is followed. A
record that never changed has no version but itself, so the tables are as small as the changes. All of it comes from
the log, so a replay gives the same versions. Deletions make none: the record says itself when it went.
"""

from collections.abc import Sequence

import duckdb

from connectors.raw.incoming import INCOMING, LoadFiles
from connectors.raw.tables import RawTable
from connectors.schema import TableSchema, literal, quote

VERSION_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_record_id", "VARCHAR"),
    ("_valid_from", "TIMESTAMP"),  # UTC
    ("_load_id", "VARCHAR"),
)
# modes that put values into records
_CHANGING = frozenset(["upsert", "snapshot", "replace_children", "patch"])

BEFORE = "before_versions"
NEWEST = "newest_versions"
CHANGED = "changed_versions"


def versions_of(table: RawTable) -> RawTable:
    """The table of versions beside a raw table, which need not be there."""
    return RawTable(f"{table.schema_name}_versions", table.table_name, VERSION_COLUMNS)


class Versions:
    """Follows one load into its raw table: `remember` before the rows change, `keep` when they have."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, target: RawTable, load: LoadFiles) -> None:
        self._connection = connection
        self._target = target
        self._load = load
        self._versions = versions_of(target)
        self._known = list(self._versions.columns(connection))
        wanted = {name.lower() for name in (*load.manifest.request.watched, *self._known)}
        may_change = load.manifest.request.mode in _CHANGING
        columns = target.columns(connection) if may_change and wanted else {}
        self._types = {name: kind for name, kind in columns.items() if name.lower() in wanted}
        self._is_first = bool(self._types) and target.is_empty(connection)

    @property
    def _watched(self) -> Sequence[str]:
        return [quote(name) for name in self._types]

    def remember(self) -> None:
        """Put aside what the staged load may change."""
        if not self._types or self._is_first:
            return
        names = ", ".join(["_record_id", "_modified_at", "_load_id", *self._watched])
        self._connection.execute(
            f"create or replace temp table {BEFORE} as select {names} from {self._target} "
            f"where _record_id in (select _record_id from {INCOMING})"
        )

    def keep(self) -> None:
        """Write down what the load, which is merged now, has changed."""
        request = self._load.manifest.request
        if request.mode == "erase" and self._known:
            self._forget()
        if not self._types:
            return
        self._versions.fit(self._connection, TableSchema.of(self._types), has_deletes=True)
        if self._is_first:
            return
        if request.lane != "backfill":
            self._append()
        if request.lane == "backfill" or (self._known and len(self._types) > len(self._known)):
            self._complete()

    def _append(self) -> None:
        """Add a version of each known record that differs in a watched column from what it was.

        It holds from the record's own stamp. A change that moved no stamp was seen at the window's end. The first
        change of a record also adds what it was until then.
        """
        differs = " or ".join(f"target.{name} is distinct from before.{name}" for name in self._watched)
        self._connection.execute(
            f"create or replace temp table {CHANGED} as select before._record_id, target._modified_at as stamp, "
            f"{self._load.known_until} as seen_at "
            f"from {BEFORE} as before join {self._target} as target on target._record_id = before._record_id "
            f"join {INCOMING} as incoming on incoming._record_id = before._record_id where {differs}"
        )
        if self._connection.execute(f"select 1 from {CHANGED} limit 1").fetchone() is None:
            return
        names = "".join(f", {name}" for name in self._watched)
        columns = f"(_record_id, _valid_from, _load_id{names})"
        self._connection.execute(
            f"insert into {self._versions} {columns} select _record_id, _modified_at, _load_id{names} from {BEFORE} "
            f"where _record_id in (select _record_id from {CHANGED}) "
            f"and _record_id not in (select _record_id from {self._versions})"
        )
        self._list_newest(f"_record_id in (select _record_id from {CHANGED})")
        since = (
            "case when changed.stamp > newest._valid_from then changed.stamp "
            "else greatest(changed.seen_at, newest._valid_from) end"
        )
        # two states of one instant: the later one is the state of it
        self._connection.execute(
            f"delete from {self._versions} as versions using {CHANGED} as changed, {NEWEST} as newest "
            "where versions._record_id = changed._record_id and newest._record_id = changed._record_id "
            f"and versions._valid_from = newest._valid_from and newest._valid_from = {since}"
        )
        values = "".join(f", target.{name}" for name in self._watched)
        self._connection.execute(
            f"insert into {self._versions} {columns} select target._record_id, {since}, target._load_id{values} "
            f"from {CHANGED} as changed join {NEWEST} as newest on newest._record_id = changed._record_id "
            f"join {self._target} as target on target._record_id = changed._record_id"
        )

    def _complete(self) -> None:
        """Put into the newest versions what is known only now: what could not be read before is no change."""
        self._list_newest("true")
        values = ", ".join(f"{name} = target.{name}" for name in self._watched)
        differs = " or ".join(f"versions.{name} is distinct from target.{name}" for name in self._watched)
        self._connection.execute(
            f"update {self._versions} as versions set {values} from {self._target} as target, {NEWEST} as newest "
            "where versions._record_id = newest._record_id and versions._valid_from = newest._valid_from "
            f"and target._record_id = newest._record_id and ({differs})"
        )

    def _forget(self) -> None:
        """Leave no version of the erased: the record itself is blank."""
        load_id = literal(self._load.manifest.load_id)
        self._connection.execute(
            f"delete from {self._versions} "
            f"where _record_id in (select _record_id from {self._target} where _load_id = {load_id})"
        )

    def _list_newest(self, chosen: str) -> None:
        self._connection.execute(
            f"create or replace temp table {NEWEST} as select * from {self._versions} where {chosen} "
            "qualify row_number() over (partition by _record_id order by _valid_from desc) = 1"
        )
