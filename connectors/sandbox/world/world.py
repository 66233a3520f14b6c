"""The world of two CRMs in one DuckDB file: make it, open it, play its days."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import duckdb

from connectors.sandbox.world import (
    hubspot_deals,
    hubspot_records,
    salesforce_activities,
    salesforce_deals,
    salesforce_metadata,
    salesforce_records,
)
from connectors.sandbox.world.days import day_number, moment
from connectors.sandbox.world.findings import write_findings
from connectors.sandbox.world.identifiers import FIRST_ORGANIZATION, FIRST_PORTAL, create_macros
from connectors.sandbox.world.imports import ImportSummary, derive_organization, fill_from_folder
from connectors.sandbox.world.plan import plan_days, plan_until
from connectors.sandbox.world.scale import CLOCK_HOUR, FIRST_CLOCK_DAY, LOOKAHEAD_DAYS, parse_size
from connectors.sandbox.world.stages import stages_on
from connectors.sandbox.world.storage import fetch_row
from connectors.sandbox.world.truth import create_truth, write_truth
from connectors.sandbox.world.visible import BEGINNING, create_tables, open_window

PLANTS = frozenset(
    ("C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C13", "C16", "C17", "C24", "C26", "C27", "C28")
)

# where a world is from; the days of the last two bring nothing by themselves
GENERATED, IMPORTED, STILL = "generated", "import", "still"


class World:
    """One world in one file. Reads are safe from many threads, each with its own cursor; ticks wait for each other."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, summary: ImportSummary | None = None) -> None:
        """Use `create`, `open` or `import_folder`."""
        self._connection = connection
        self.import_summary = summary
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, *, size: str = "small", seed: int = 7, plants: frozenset[str] | None = None) -> Self:
        """Make a world of two years of sales; `plants` names the inconsistencies to put in (None: all, empty: none).

        Raises:
            FileExistsError: there is something at `path`.
            ValueError: `size` or a name in `plants` is unknown.
        """
        chosen = PLANTS if plants is None else plants
        if unknown := chosen - PLANTS:
            raise ValueError(f"No such plant: {', '.join(sorted(unknown))}. Choose from {', '.join(sorted(PLANTS))}.")
        scale = parse_size(size, seed)
        if path.exists():
            raise FileExistsError(f"{path} exists. Delete it, or open it as it is.")
        clock = moment(FIRST_CLOCK_DAY, CLOCK_HOUR).replace(tzinfo=None)
        with _new_file(path) as connection:
            plan_until(connection, scale, chosen, FIRST_CLOCK_DAY - 1)
            create_macros(connection)
            create_tables(connection)
            create_truth(connection)
            _write_state(connection, seed, size, clock, GENERATED, chosen)
            show(connection, chosen, BEGINNING, clock)
        return cls.open(path)

    @classmethod
    def import_folder(cls, path: Path, folder: Path) -> Self:
        """Make a world of exported files named after API objects.

        `import_summary` says what was taken, left out and derived. Times without an offset are read as UTC.
        A tick of such a world moves the clock and nothing else.

        Raises:
            FileExistsError: there is something at `path`.
            ImportRefusedError: a file cannot be read; nothing is left at `path`.
        """
        if path.exists():
            raise FileExistsError(f"{path} exists. Delete it, or open it as it is.")
        with _new_file(path) as connection:
            summary, clock = fill_from_folder(connection, folder)
            _write_state(connection, 0, "import", clock, IMPORTED, frozenset())
            derive_organization(connection, summary)
        world = cls.open(path)
        world.import_summary = summary
        return world

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing world for reading and ticking; FileNotFoundError where there is none."""
        if not path.exists():
            raise FileNotFoundError(
                f"There is no world at {path}. Make one with `python -m connectors.sandbox create`."
            )
        return cls(duckdb.connect(str(path)))

    @property
    def clock(self) -> datetime:
        """The world's present; nothing later is visible."""
        with self.cursor() as cursor:
            stood: datetime = fetch_row(cursor, "select clock from state.world")[0]
        return stood.replace(tzinfo=UTC)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor, to be closed by whoever asked."""
        return self._connection.cursor()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def tick(self, days: int = 1) -> dict[str, int]:
        """Play the next days, in one transaction; rows written by `crm.object`, objects without any left out.

        Several days at once leave the records that the same days leave one by one. What was made and deleted for good
        within them was never to be seen, and the logs of deletions may not tell of it.

        Raises:
            ValueError: less than one day.
        """
        if days < 1:
            raise ValueError(f"{days} days cannot be played; the fewest are one")
        with self._lock:
            written = self._play(days)
        return {name: count for name, count in written.items() if count}

    def stand_still(self) -> None:
        """From now on a tick moves the clock and nothing else, so that an edit is all that happens.

        There is no way back: what was planned for the days in between would never have come.
        """
        with self._lock:
            self._connection.execute("update state.world set source = ?", [STILL])

    def _play(self, days: int) -> dict[str, int]:
        connection = self._connection
        seed, size, clock, plants, source = fetch_row(
            connection, "select seed, size, clock, plants, source from state.world"
        )
        new_clock = clock + timedelta(days=days)
        if source != GENERATED:
            connection.execute("update state.world set clock = ?", [new_clock])
            return {}
        # the first day played is the old clock's; deals are planned ahead of it
        first_day = day_number(clock.date()) + LOOKAHEAD_DAYS
        connection.begin()
        try:
            plan_days(connection, parse_size(size, seed), frozenset(plants), first_day, first_day + days - 1)
            written = show(connection, frozenset(plants), clock, new_clock)
            connection.execute("update state.world set clock = ?", [new_clock])
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
        return written


@contextmanager
def _new_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database file that is only there when all went well; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(unfinished)) as connection:
            yield connection
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_state(
    connection: duckdb.DuckDBPyConnection, seed: int, size: str, clock: datetime, source: str, plants: frozenset[str]
) -> None:
    connection.execute("""
        create schema state;
        create table state.world (seed bigint, size varchar, clock timestamp, source varchar, plants varchar[],
            portal_id bigint, org_id varchar)""")
    # worlds of different seeds are different organizations, and an imported one is none of them
    number = 0 if source == IMPORTED else FIRST_ORGANIZATION + seed
    connection.execute(
        "insert into state.world select ?, ?, ?, ?, ?, ?, plan.salesforce_id('00D', ?)",
        [seed, size, clock, source, sorted(plants), FIRST_PORTAL + number, number],
    )


def show(connection: duckdb.DuckDBPyConnection, plants: frozenset[str], lo: datetime, hi: datetime) -> dict[str, int]:
    """Write what happened in (lo, hi] into the visible schemas."""
    open_window(connection, plants, lo, hi)
    salesforce = (
        salesforce_deals.write_opportunities(connection)
        | salesforce_records.write_records(connection)
        | salesforce_activities.write_activities(connection)
        | salesforce_metadata.write_metadata(connection)
    )
    hubspot = hubspot_records.write_records(connection) | hubspot_deals.write_deals(connection)
    write_truth(connection)
    day = day_number(hi.date()) - 1
    write_findings(connection, stages_on(plants, day), day)
    return {f"salesforce.{name}": count for name, count in salesforce.items()} | {
        f"hubspot.{name}": count for name, count in hubspot.items()
    }
