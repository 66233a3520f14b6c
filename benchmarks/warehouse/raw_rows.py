"""The raw tables of a generated world, as complete first syncs would leave them, and one day later."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.sandbox.world import World
from tests.support.raw_tables import load_raw_tables

PROJECT_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Volume:
    """How much there is to build from."""

    opportunities: int
    history_rows: int
    activities: int
    rows: int


@dataclass(frozen=True)
class Day:
    """What a day changed in the raw tables: rows written, and opportunities with a new row or an activity's."""

    rows: int
    opportunities: int


def make_world(path: Path, size: str) -> None:
    """Generate the world, in a process of its own; one that is there stays."""
    if path.exists():
        return
    command = [sys.executable, "-m", "connectors.sandbox", "create", "--world", str(path), "--size", size]
    subprocess.run(command, cwd=PROJECT_DIR, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module


def play_day(path: Path) -> None:
    """Let one day pass in the world."""
    world = World.open(path)
    world.tick()
    world.close()


def fill(world: Path, warehouse: Path) -> datetime:
    """Raw tables of the world in a new warehouse; returns the moment that they speak of."""
    return load_raw_tables(world, warehouse)


def merge(world: Path, warehouse: Path) -> tuple[datetime, Day]:
    """Bring existing raw tables to the world's present: only what differs is written, as a merge of loads does it."""
    incoming = warehouse.with_name("incoming.duckdb")
    incoming.unlink(missing_ok=True)
    as_of = load_raw_tables(world, incoming)
    rows = 0
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"attach '{incoming}' as incoming (read_only)")
        connection.execute("create temp table touched (opportunity_id varchar)")
        for schema, table in _tables(connection):
            rows += _merge_table(connection, f'{schema}."{table}"')
        (opportunities,) = connection.execute("select count(distinct opportunity_id) from touched").fetchone() or (0,)
        connection.execute("detach incoming")
    incoming.unlink()
    return as_of, Day(rows, int(opportunities))


def volume(warehouse: Path) -> Volume:
    """Count what is in the raw tables; a history row is one of Salesforce's, or one save of HubSpot's properties."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:

        def count(query: str) -> int:
            return int((connection.execute(f"select count(*) from ({query})").fetchone() or (0,))[0])

        return Volume(
            opportunities=count("select 1 from raw_salesforce.opportunity union all select 1 from raw_hubspot.deals"),
            history_rows=count(
                "select 1 from raw_salesforce.opportunity_history union all "
                "select 1 from (select distinct deal_id, timestamp from raw_hubspot.deal_property_history)"
            ),
            activities=sum(
                count(f"select 1 from {table}")
                for table in (
                    "raw_salesforce.task",
                    "raw_salesforce.event",
                    "raw_hubspot.calls",
                    "raw_hubspot.meetings",
                    "raw_hubspot.emails",
                    "raw_hubspot.tasks",
                )
            ),
            rows=sum(count(f'select 1 from {schema}."{table}"') for schema, table in _tables(connection)),
        )


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name in ('raw_salesforce', 'raw_hubspot') order by all"
    ).fetchall()
    return found


_OPPORTUNITY_COLUMNS = ("OpportunityId", "deal_id")
_OPPORTUNITY_TABLES = ('raw_salesforce."opportunity"', 'raw_hubspot."deals"')


def _merge_table(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    connection.execute(
        f"create or replace temp table news as select * from incoming.{table} as new where not exists "
        f"(select 1 from {table} as old where old._record_id = new._record_id and hash(old) = hash(new))"
    )
    connection.execute(
        f"create or replace temp table gone as select _record_id from {table} "
        f"where _record_id not in (select _record_id from incoming.{table})"
    )
    for chosen in ("news", "gone"):
        connection.execute(f"delete from {table} where _record_id in (select _record_id from {chosen})")
    (rows,) = connection.execute(f"insert into {table} by name from news").fetchone() or (0,)
    _note_touched(connection, table)
    return int(rows)


def _note_touched(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    names = {row[0] for row in connection.execute("describe news").fetchall()}
    if table in _OPPORTUNITY_TABLES:
        connection.execute("insert into touched select _record_id from news")
    for name in _OPPORTUNITY_COLUMNS:
        if name in names:
            connection.execute(f"insert into touched select {name} from news where {name} is not null")
    if "WhatId" in names:
        connection.execute("insert into touched select WhatId from news where WhatId like '006%'")
