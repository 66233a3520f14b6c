"""Dagster's run history on SQLite, with connections that stay open, and without slots that dead runs hold.

Dagster's own storage makes an engine and a connection for each event, and SQLite writes its log back and syncs the
disk whenever the last connection closes: a night of some 700 events spends more on that than on dbt. Losing the last
events to a power cut costs a line of history and no data, so a commit need not wait for the disk either.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster._utils.concurrency import ConcurrencyClaimStatus, ConcurrencyKeyInfo
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection

from connectors.errors import BusyError
from connectors.landing import Lease

BUSY_SECONDS = 30
# one file per run: a UI that looks through a hundred runs must not keep a hundred files open
KEPT_OPEN = 8


class PooledEventLogStorage(SqliteEventLogStorage):
    """`SqliteEventLogStorage` with the same files, one held engine per file."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._alive = Path(base_dir) / "alive"
        self._leases: dict[str, Lease] = {}
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

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        """As Dagster claims, after the dead have given back what they hold."""
        if run_id not in self._leases:
            self._leases[run_id] = Lease(self._lease_file(run_id), f"Run {run_id}")
        self._free_slots_of_the_dead()
        return super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)

    def get_concurrency_infos(self, concurrency_keys: Sequence[str]) -> Mapping[str, ConcurrencyKeyInfo]:
        """What the daemon asks before it starts a queued run: the dead must not keep it in the queue."""
        self._free_slots_of_the_dead()
        return super().get_concurrency_infos(concurrency_keys)

    def _free_slots_of_the_dead(self) -> None:
        for run_id in self.get_concurrency_run_ids() - self._leases.keys():
            try:
                Lease(self._lease_file(run_id), f"Run {run_id}").close()
            except BusyError:
                continue
            self.free_concurrency_slots_for_run(run_id)
            self._lease_file(run_id).unlink(missing_ok=True)

    def _lease_file(self, run_id: str) -> Path:
        return self._alive / f"{run_id}.lease"

    def dispose(self) -> None:
        """Close what is held open, and be counted among the living no more."""
        while self._leases:
            run_id, lease = self._leases.popitem()
            self._lease_file(run_id).unlink(missing_ok=True)
            lease.close()
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _commit_without_waiting(connection: Any, _: object) -> None:
    connection.execute("pragma synchronous = normal")
