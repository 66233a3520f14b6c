"""DuckDB connections: in memory for landing, on the warehouse file for applying."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.errors import BusyError
from connectors.schema import literal

LOCK_WAIT_SECONDS = 30.0
LOCK_POLL_SECONDS = 0.25

_LOCK_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


@dataclass(frozen=True)
class EngineSettings:
    """How much of the machine DuckDB may use; None leaves DuckDB's own default.

    `memory_limit` is DuckDB's text ("2GB"); what does not fit goes to `temp_directory`.
    """

    memory_limit: str | None = None
    threads: int | None = None
    temp_directory: Path | None = None

    def apply_to(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Set the limits, UTC, and no progress bar.

        By SET rather than by connect(config=…): within one process a second connect to the same file with another
        configuration is an error.
        """
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        if self.memory_limit is not None:
            connection.execute(f"set memory_limit = {literal(self.memory_limit)}")
        if self.threads is not None:
            connection.execute(f"set threads = {self.threads:d}")
        if self.temp_directory is not None:
            connection.execute(f"set temp_directory = {literal(str(self.temp_directory))}")


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, settings: EngineSettings) -> Iterator[None]:
    """The connection's whole database under `settings`, and as it was before when the block ends."""
    row = connection.execute("select current_setting('memory_limit'), current_setting('threads')").fetchone()
    settings.apply_to(connection)
    try:
        yield
    finally:
        if row is not None:
            EngineSettings(memory_limit=str(row[0]), threads=int(row[1])).apply_to(connection)


def open_memory(settings: EngineSettings) -> duckdb.DuckDBPyConnection:
    """A private in-memory database."""
    connection = duckdb.connect()
    settings.apply_to(connection)
    return connection


def create_warehouse(path: Path) -> None:
    """An empty warehouse file at `path`, unless one is there.

    In this DuckDB's own storage format, which writes texts in less time and space than its default; no older version
    needs to read the working file. Published files keep a format that every 1.x reads.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(path))} as created (storage_version 'latest')")


@contextmanager
def open_warehouse(
    path: Path,
    settings: EngineSettings | None = None,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse file, open for writing as long as the block lasts.

    Raises:
        BusyError: another process held the file for longer than `wait_seconds`; the message names it.
    """
    connection = _connect(path, wait_seconds, sleep)
    try:
        (settings or EngineSettings()).apply_to(connection)
        yield connection
    finally:
        connection.close()


@contextmanager
def read_warehouse(
    path: Path, *, wait_seconds: float = LOCK_WAIT_SECONDS, sleep: Callable[[float], None] = time.sleep
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse file, or a published one, for reading as long as the block lasts.

    Raises:
        BusyError: another process wrote to the file for longer than `wait_seconds`; the message names it.
    """
    connection = _connect(path, wait_seconds, sleep, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def _connect(
    path: Path, wait_seconds: float, sleep: Callable[[float], None], *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    waited = 0.0
    while True:
        try:
            if not read_only:
                create_warehouse(path)
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            holder = _LOCK_HOLDER.search(str(error))
            if holder is None:
                raise
            if waited >= wait_seconds:
                raise BusyError(
                    f"{path} is open in {holder['program']} (process {holder['pid']}) and was not released within "
                    f"{wait_seconds:g} s. Close it there and run again: what was landed is kept."
                ) from error
        sleep(LOCK_POLL_SECONDS)
        waited += LOCK_POLL_SECONDS
