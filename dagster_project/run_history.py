"""Dagster's run history on SQLite, with connections that stay open between two events.

Dagster's own storage makes an engine and a connection for each event, and SQLite writes its log back and syncs the
disk whenever the last connection closes: a night of some 700 events spends more on that than on dbt. Losing the last
events to a power cut costs a line of history and no data, so a commit need not wait for the disk either.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection

BUSY_SECONDS = 30
# one file per run: a UI that looks through a hundred runs must not keep a hundred files open
KEPT_OPEN = 8


class PooledEventLogStorage(SqliteEventLogStorage):
    """`SqliteEventLogStorage` with the same files, one held engine per file."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "PooledEventLogStorage":
        """Made from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                pool_size=1,
                connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _commit_without_waiting)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
        self._engines[shard] = engine
        while len(self._engines) > KEPT_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def dispose(self) -> None:
        """Close what is held open."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _commit_without_waiting(connection: Any, _: object) -> None:
    connection.execute("pragma synchronous = normal")
