"""Two runs at once: the second says who is busy since when, ends with 75, and changes nothing."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from connectors.landing import LandingLog, Lease
from tests.support.installation import Installation, Outcome
from tests.support.night_process import NightProcess


@dataclass(frozen=True)
class Refused:
    """A demo that came second, and where."""

    place: Installation
    outcome: Outcome


def _second(place: Installation, nights: NightProcess) -> Refused:
    outcome = place.run_demo(nights)
    # the terminal breaks lines where they are full
    return Refused(place, Outcome(outcome.code, " ".join(outcome.text.split())))


def _tables(installation: Installation) -> list[tuple[object, ...]]:
    """Every table of the work file, with what tells one content from another."""
    tables = installation.rows(
        "select schema_name || '.' || table_name from duckdb_tables() order by all", file=installation.warehouse
    )
    union = " union all ".join(
        f"select '{table}', count(*), bit_xor(hash(content)) from {table} as content" for (table,) in tables
    )
    return sorted(installation.rows(union, file=installation.warehouse), key=str)


@pytest.fixture(scope="module")
def refused(
    first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Refused]:
    """Demos that come second: to another demo, to a sync of HubSpot, to a writer of the warehouse."""
    folder = tmp_path_factory.mktemp("two_runs")
    by_demo, by_sync, by_writer = (first_night.copy_to(folder / name) for name in ("demo", "sync", "writer"))
    with ExitStack() as held:
        held.enter_context(Lease(by_demo.folder / "demo.lease", "The demo"))
        held.enter_context(held.enter_context(LandingLog(by_sync.folder / "landing")).lease("hubspot"))
        held.enter_context(Lease(by_writer.folder / "warehouse.lease", "The warehouse file"))
        return {place.folder.name: _second(place, nights) for place in (by_demo, by_sync, by_writer)}


@pytest.mark.parametrize(
    ("holder", "busy"), [("demo", "The demo"), ("sync", "hubspot"), ("writer", "The warehouse file")]
)
def test_who_comes_second_says_who_is_busy_since_when(refused: dict[str, Refused], holder: str, busy: str) -> None:
    outcome = refused[holder].outcome

    since = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
    assert re.search(rf"{busy} is busy since {since}, held by process {os.getpid()} on ", outcome.text), outcome.text
    assert not re.search("Traceback|Stack Trace", outcome.text)
    assert outcome.code == 75


@pytest.mark.parametrize("holder", ["demo", "sync"])
def test_who_comes_second_changes_no_table(refused: dict[str, Refused], first_night: Installation, holder: str) -> None:
    assert _tables(refused[holder].place) == _tables(first_night)


def test_who_cannot_write_the_warehouse_keeps_what_it_read_and_publishes_nothing(
    refused: dict[str, Refused], first_night: Installation
) -> None:
    place = refused["writer"].place
    built = [table for table in _tables(place) if not str(table[0]).startswith("raw_")]

    assert built == [table for table in _tables(first_night) if not str(table[0]).startswith("raw_")]
    assert [path.name for path in sorted((place.folder / "published").iterdir())] == [
        path.name for path in sorted((first_night.folder / "published").iterdir())
    ]


def test_a_demo_that_comes_second_plays_no_day(refused: dict[str, Refused], first_night: Installation) -> None:
    assert refused["demo"].place.world.read_bytes() == first_night.world.read_bytes()
