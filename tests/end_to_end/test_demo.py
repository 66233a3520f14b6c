"""`make demo` as a stranger reads it: a first night, one after which publication is held back, and the one after."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

import expectations
from dagster_project.demo.report import NEXT_COMMANDS
from tests.support.installation import Installation
from tests.support.night_process import NightProcess

MAPPED, UNMAPPED = "Negotiation/Review", "Legal Review"


@dataclass(frozen=True)
class Night:
    """What a run of the demo ended with and printed, what it noted of itself, and what readers get after it."""

    code: int
    text: str
    calls: int
    published: Path

    @property
    def words(self) -> str:
        """The text without line ends and frames."""
        return " ".join(self.text.replace("│", " ").split())


@dataclass(frozen=True)
class Demo:
    """Three nights of one installation."""

    first: Night
    held: Night
    mended: Night


@pytest.fixture(scope="module")
def demo(first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """An admin renames the last open stage without a word to anybody, and takes it back the next day."""
    place = first_night.copy_to(tmp_path_factory.mktemp("demo") / "place")
    first = _night(first_night, 0, first_night.log.read_text())
    _rename(place.world, MAPPED, UNMAPPED)
    held = place.run_demo(nights)
    held_night = _night(place, held.code, held.text)
    _rename(place.world, UNMAPPED, MAPPED)
    mended = place.run_demo(nights)
    return Demo(first, held_night, _night(place, mended.code, mended.text))


def _night(place: Installation, code: int, text: str) -> Night:
    calls = json.loads((place.folder / "demo_timings.json").read_text())["calls"]
    return Night(code, text, calls, place.published)


def _rename(world: Path, old: str, new: str) -> None:
    """At noon of the day that the demo plays next."""
    with duckdb.connect(str(world)) as tables:
        tables.execute("set variable noon = (select clock + interval 10 hours from state.world)")
        stamp = "getvariable('noon')"
        tables.execute(
            f"""update salesforce."Opportunity" set "StageName" = '{new}', "SystemModstamp" = {stamp},
                "LastModifiedDate" = {stamp} where "StageName" = '{old}'"""
        )
        tables.execute(
            f"""update salesforce."OpportunityStage" set "MasterLabel" = '{new}', "ApiName" = '{new}',
                "SystemModstamp" = {stamp} where "ApiName" = '{old}'"""
        )


def test_the_first_night_ends_with_the_three_rates_beside_the_studys(demo: Demo) -> None:
    row = re.search(r"these CRMs +([\d,]+) +([\d.]+)% +([\d.]+)% +([\d.]+)%", demo.first.text)

    assert row is not None
    assert sum(float(rate) for rate in row.groups()[1:]) == pytest.approx(100, abs=0.2)
    assert re.search(r"study 2016 +46\.9% +29\.3% +23\.8%", demo.first.text)


def test_the_first_night_names_every_rule_and_what_to_do(demo: Demo) -> None:
    for rule in expectations.rules():
        assert f"{rule.id} {rule.name}:" in demo.first.text
    assert "→ Sales operations: give the stage a row in dbt/seeds/stage_map.csv" in demo.first.text


def test_the_first_night_lists_what_was_read_and_what_to_do_next(demo: Demo) -> None:
    text = demo.first.text

    assert re.search(r"salesforce +Opportunity +Bulk 2\.0", text)
    assert re.search(r"hubspot +deals ", text)
    assert "Published crm-20260317T010000Z-001" in text
    assert all(command in text.replace("\n", "") for command, _ in NEXT_COMMANDS[:2])
    assert "What changed" not in text


def test_a_night_that_is_held_back_says_what_holds_it_and_what_to_do(demo: Demo) -> None:
    assert demo.held.code == 1
    assert "Not published" in demo.held.text
    assert "Publication is held back. Readers keep crm-20260317T010000Z-001." in demo.held.words
    assert re.search(r"Errors touch \d+ open deals worth [\d,]+, [\d.]+% of the open pipeline", demo.held.words)
    assert re.search(rf"Clear C07 first, such as '{MAPPED}': CRM administrator: .* restore the stage", demo.held.words)
    assert "Then run the build again" in demo.held.words
    assert not re.search("Traceback|Stack Trace", demo.held.text)


def test_readers_keep_yesterdays_file_while_publication_is_held_back(demo: Demo) -> None:
    assert demo.held.published.name == demo.first.published.name
    assert demo.held.published.exists()


def test_after_mending_the_next_night_is_published_and_says_what_moved(demo: Demo) -> None:
    text = demo.mended.text

    assert demo.mended.code == 0, text
    assert demo.mended.published.name == "crm-20260319T010000Z-002.duckdb"
    assert "Published crm-20260319T010000Z-002" in text
    assert "What changed since yesterday" in text
    assert re.search(r"Written in salesforce: \d+ Opportunity", text)
    assert re.search(r"Open pipeline: [\d,]+ deals, [\d,]+ → [\d,]+ deals", text)


def test_a_later_night_reads_the_changes_only(demo: Demo) -> None:
    # a call for each list that is read whole stays; rows are counted in test_next_days.py
    assert demo.held.calls < demo.first.calls
    assert demo.mended.calls < demo.first.calls


def test_dbts_own_lines_do_not_reach_the_terminal(demo: Demo) -> None:
    for night in (demo.first, demo.held, demo.mended):
        assert not re.search(r"START sql|\[RUN\]", night.text)
