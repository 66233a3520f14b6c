"""What assets work with: the warehouse's work file, and the CRMs that the settings connect."""

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import dagster as dg

from connectors.engine import open_warehouse, read_warehouse
from connectors.errors import BusyError
from connectors.landing import Lease
from connectors.schema import literal, quote
from connectors.streams import Listener, Stream, SyncEvent, SyncReport
from connectors.sync import run_sync
from dagster_project.crms import discover_streams, open_connector, open_log
from dagster_project.settings import Paths, Settings, read_paths, read_settings

WRITER_WAIT_SECONDS = 30.0
WRITER_POLL_SECONDS = 0.2
# what was fetched waits for a build of another run to end, rather than for the next night
APPLY_WAIT_SECONDS = 900.0


class WarehouseFile(dg.ConfigurableResource[None]):
    """The work file and the folders beside it."""

    @property
    def paths(self) -> Paths:
        """Where everything is."""
        return read_paths()

    @property
    def path(self) -> Path:
        """The work file."""
        return self.paths.warehouse

    @property
    def published(self) -> Path:
        """Folder of the published versions."""
        return self.paths.published

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one writer across steps, runs and terminals.

        The pool in dagster.yaml queues steps of one Dagster instance; this lease also keeps out a run started by hand.

        Raises:
            BusyError: another process writes, or has the file open, for longer than half a minute; the message says
                which.
        """
        lease = _wait_for_lease(self.path.with_suffix(".lease"))
        try:
            # a killed run leaves no lease, but the dbt that it started may have the file open for some seconds more
            with open_warehouse(self.path):
                pass
            yield
        finally:
            lease.close()

    def row_counts(self, schema: str) -> dict[str, int]:
        """Rows of each table of `schema` in the work file; a table that was never made is not in it."""
        if not self.path.exists():
            return {}
        counts = {}
        with read_warehouse(self.path) as connection:
            tables = connection.execute(
                f"select table_name from duckdb_tables() where schema_name = {literal(schema)}"
            ).fetchall()
            for (table,) in tables:
                counted = connection.execute(f"select count(*) from {quote(schema)}.{quote(table)}").fetchone()
                counts[str(table)] = int(counted[0]) if counted else 0
        return counts


class Crms:
    """The CRMs that the settings connect; `listener` sees the sync's events (the live table of a terminal)."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener

    @cached_property
    def _settings(self) -> Settings:
        # when first used, not when made: definitions must load before any CRM is connected
        return read_settings()

    def is_connected(self, crm: str) -> bool:
        """Whether the settings name credentials for `crm`, or the sandbox."""
        return crm in self._settings.connected_crms

    def sync(self, crm: str, is_wanted: Callable[[Stream], bool], on_event: Listener) -> SyncReport:
        """Bring the raw tables of the wanted streams, of all that the CRM turns out to have, up to its present.

        Raises:
            CrmError: see connectors.errors; what was landed before is kept.
        """
        paths = self._settings.paths

        def listener(event: SyncEvent) -> None:
            on_event(event)
            if self._listener is not None:
                self._listener(event)

        with open_connector(self._settings, crm) as connector, open_log(self._settings) as log:
            every = discover_streams(connector)
            return run_sync(
                connector,
                log,
                paths.warehouse,
                [stream for stream in every if is_wanted(stream)],
                every_stream=every,
                listener=listener,
                lock_wait_seconds=APPLY_WAIT_SECONDS,
            )


def _wait_for_lease(path: Path, sleep: Callable[[float], None] = time.sleep) -> Lease:
    waited = 0.0
    while True:
        try:
            return Lease(path, "The warehouse file")
        except BusyError:
            if waited >= WRITER_WAIT_SECONDS:
                raise
        sleep(WRITER_POLL_SECONDS)
        waited += WRITER_POLL_SECONDS
