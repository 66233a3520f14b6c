"""A generated world whose days are played by the test: it says in SQL what happens, and knows the truth afterwards."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import SALESFORCE, salesforce_fields
from connectors.schema import raw_table

# what happens on a day happens three hours before its end, well behind the connector's lag
EVENING = timedelta(hours=3)

_NO_STAMP = "OpportunityFieldHistory"


class EditedWorld:
    """A world as the sandbox serves it; its days change nothing but what `will` said."""

    def __init__(self, file: Path) -> None:
        """`file` is a world of `connectors.sandbox.world`; it is written to."""
        self._connection = duckdb.connect(str(file))
        row = self._connection.execute("select clock from state.world").fetchone()
        assert row is not None
        self._clock: datetime = row[0].replace(tzinfo=UTC)
        self._planned: list[str] = []

    @property
    def clock(self) -> datetime:
        """The virtual present."""
        return self._clock

    @property
    def evening(self) -> str:
        """SQL of when the next day's changes happen."""
        return f"timestamp '{self._clock + timedelta(days=1) - EVENING:%Y-%m-%d %H:%M:%S}'"

    def will(self, sql: str) -> None:
        """Something that happens on the next day."""
        self._planned.append(sql)

    def will_edit(self, object_name: str, record_id: str, values: str) -> None:
        """An edit of one record; `values` is a SET list."""
        self.will(
            f'update salesforce."{object_name}" set {values}, "SystemModstamp" = {self.evening} '
            f"where \"Id\" = '{record_id}'"
        )

    def will_recycle(self, object_name: str, record_id: str) -> None:
        """A soft deletion."""
        self.will_edit(object_name, record_id, '"IsDeleted" = true')
        self.will_log(object_name, record_id, is_hard=False)

    def will_purge(self, object_name: str, record_id: str) -> None:
        """A deletion past the recycle bin: the row is gone."""
        self.will(f'delete from salesforce."{object_name}" where "Id" = \'{record_id}\'')
        self.will_log(object_name, record_id, is_hard=True)

    def will_log(self, object_name: str, record_id: str, *, is_hard: bool) -> None:
        """A line of the delete log."""
        self.will(f"insert into salesforce._deleted values ('{object_name}', '{record_id}', {self.evening}, {is_hard})")

    def tick(self, days: int = 1) -> dict[str, int]:
        """Play the day that the test has written."""
        for sql in self._planned:
            self._connection.execute(sql)
        changes = {"edits": len(self._planned)}
        self._planned.clear()
        self._clock += timedelta(days=days)
        return changes

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor."""
        return self._connection.cursor()

    def ids(self, object_name: str, condition: str = "true") -> list[str]:
        """Ids of an object's rows, ascending."""
        with self.cursor() as cursor:
            rows = cursor.execute(f'select "Id" from salesforce."{object_name}" where {condition} order by 1')
            return [row[0] for row in rows.fetchall()]

    def close(self) -> None:
        """Forget it."""
        self._connection.close()


def differences(cursor: duckdb.DuckDBPyConnection, warehouse: Path, objects: Iterable[str] = SALESFORCE) -> list[str]:
    """How the raw tables differ from the world behind `cursor`, object by object; [] if they are its truth.

    A record that the world no longer has must be in its raw table as a tombstone.
    """
    found: list[str] = []
    cursor.execute(f"attach '{warehouse}' as warehouse (read_only)")
    try:
        for name in objects:
            found += _differences_of(cursor, name)
    finally:
        cursor.execute("detach warehouse")
    return found


def _differences_of(cursor: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    raw, world = f'warehouse.raw_salesforce."{raw_table(name)}"', f'salesforce."{name}"'
    columns = ", ".join(_comparable(name, field.name) for field in salesforce_fields(name))
    names = {field.name for field in salesforce_fields(name)}
    is_deleted = '"IsDeleted"' if "IsDeleted" in names else "false"
    merged_into = '"MasterRecordId"' if "MasterRecordId" in names else "null"
    truth = f'select {columns}, "Id", {is_deleted}, {merged_into} from {world}'
    landed = (
        f"select {columns}, _record_id, _is_deleted, _merged_into from {raw} "
        f'where _record_id in (select "Id" from {world})'
    )
    queries = {
        "rows that the warehouse lacks": f"{truth} except all {landed}",
        "rows that the world lacks": f"{landed} except all {truth}",
        "purged rows alive": f"from {raw} where not _is_deleted and not exists (from {world} where id = _record_id)",
        "tombstones without a time": f"from {raw} where _is_deleted <> (_deleted_at is not null)",
        "records twice": f"select _record_id from {raw} group by 1 having count(*) > 1",
    }
    counts = {what: cursor.execute(query).fetchall() for what, query in queries.items()}
    return [f"{name}: {len(rows)} {what}, such as {rows[0]}" for what, rows in counts.items() if rows]


def _comparable(object_name: str, field_name: str) -> str:
    """A field's value as both sides can write it."""
    if field_name in ("OldValue", "NewValue"):
        # the wire sends numbers as numbers: 2000.00 comes as 2000.0
        return f'coalesce(cast(try_cast("{field_name}" as decimal(18, 2)) as varchar), "{field_name}")'
    if field_name == "IsDeleted" and object_name == _NO_STAMP:
        return "true"  # no stamp tells that this flag changed; the deletes lane does, and _is_deleted is compared
    return f'"{field_name}"'
