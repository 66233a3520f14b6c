"""The SQLAlchemy dialect through which Great Expectations reads a DuckDB file, and the end of its connections.

Great Expectations fetches rows after it gave its connection back, and the stock dialect's rollback on return has thrown
the rows away by then. It also never closes what it opened, and one open connection keeps every other
process out of the file. So: no transactions here (the suites only read), and every connection is remembered and closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import duckdb_engine
from sqlalchemy.dialects import registry

NAME = "crm_duckdb"

# the address under which SQLAlchemy finds the dialect; the class itself stays in this module
registry.register(NAME, __name__, "ReadingDialect")


class ReadingDialect(duckdb_engine.Dialect):
    """duckdb-engine without transactions, and with a list of what it opened."""

    opened: ClassVar[list[duckdb.DuckDBPyConnection]] = []
    supports_statement_cache = False

    def connect(self, database: str, *_: object, **__: object) -> Any:
        connection = duckdb.connect(database)
        self.opened.append(connection)
        return duckdb_engine.ConnectionWrapper(connection)

    def do_begin(self, dbapi_connection: object) -> None:
        """Nothing: each statement is its own transaction."""

    def do_commit(self, dbapi_connection: object) -> None:
        """Nothing: each statement is its own transaction."""

    def do_rollback(self, dbapi_connection: object) -> None:
        """Nothing: a rollback would drop rows that are still to be fetched."""


@contextmanager
def address_of(warehouse: Path) -> Iterator[str]:
    """Lend the SQLAlchemy URL of a DuckDB file; on leaving, whatever was opened through it is closed."""
    try:
        yield f"{NAME}:///{warehouse}"
    finally:
        while ReadingDialect.opened:
            ReadingDialect.opened.pop().close()
