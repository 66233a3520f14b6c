"""Publication held back: yesterday's file stays, the run says why and what to do, and mending publishes again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.world import World
from tests.support.installation import Installation, Outcome
from tests.support.night_process import NightProcess

MAPPED, UNMAPPED = "Negotiation/Review", "Legal Review"


@dataclass(frozen=True)
class Held:
    """A night that was held back, and the one after mending; files are what readers got."""

    before: Path
    outcome: Outcome
    during: Path
    mended: Outcome
    after: Path


@pytest.fixture(scope="module")
def held(first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """An admin renames the last open stage without a word to anybody, and takes it back the next day."""
    place = first_night.copy_to(tmp_path_factory.mktemp("hold") / "data")
    before = place.published
    _play_a_day_and_rename(place.world, MAPPED, UNMAPPED)
    with place.serving() as sandbox:
        outcome = place.run(nights, sandbox=sandbox)
    during = place.published
    _play_a_day_and_rename(place.world, UNMAPPED, MAPPED)
    with place.serving() as sandbox:
        mended = place.run(nights, sandbox=sandbox)
    return Held(before, outcome, during, mended, place.published)


def _play_a_day_and_rename(world_file: Path, old: str, new: str) -> None:
    world = World.open(world_file)
    world.tick()
    clock = world.clock
    world.close()
    with duckdb.connect(str(world_file)) as world_tables:
        stamp = f"timestamp '{clock:%Y-%m-%d %H:%M:%S}' - interval 3 hour"
        world_tables.execute(
            f"""update salesforce."Opportunity" set "StageName" = '{new}', "SystemModstamp" = {stamp},
                "LastModifiedDate" = {stamp} where "StageName" = '{old}'"""
        )
        world_tables.execute(
            f"""update salesforce."OpportunityStage" set "MasterLabel" = '{new}', "ApiName" = '{new}',
                "SystemModstamp" = {stamp} where "ApiName" = '{old}'"""
        )


def test_the_run_fails_at_publishing_and_says_what_holds_it_and_what_to_do(held: Held) -> None:
    assert held.outcome.code != 0
    assert f"Publication is held back. Readers keep {held.before.stem}." in held.outcome.text
    assert "C01" in held.outcome.text
    assert "stage_map.csv" in held.outcome.text


def test_readers_keep_yesterdays_file(held: Held) -> None:
    assert held.during == held.before


def test_after_mending_the_next_night_is_published(held: Held) -> None:
    held.mended.check()

    assert held.after != held.before
