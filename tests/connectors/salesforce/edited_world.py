"""A generated world whose days are played by the test: it says in SQL what happens, and knows the truth afterwards."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import SALESFORCE
from tests.support.raw_truth import salesforce_differences

# what happens on a day happens three hours before its end, well behind the connector's lag
EVENING = timedelta(hours=3)


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
    """How the raw tables differ from the world behind `cursor`, object by object; [] if they are its truth."""
    return salesforce_differences(cursor, warehouse, objects)
