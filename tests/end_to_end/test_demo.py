"""`make demo` as a stranger reads it: the first night, and the next day."""

import json
import re
from dataclasses import dataclass

import pytest

import expectations
from dagster_project.demo.report import NEXT_COMMANDS
from tests.support.installation import Installation


@dataclass(frozen=True)
class Night:
    """What a run of the demo printed, and what it noted of itself."""

    text: str
    calls: int


@pytest.fixture(scope="module")
def both_nights(first_night: Installation, tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, Night]:
    """The first night, and the day after it in a copy."""
    place = first_night.copy_to(tmp_path_factory.mktemp("demo") / "place")
    second = place.call("dagster_project.demo", COLUMNS="100")
    second.check()
    return Night(first_night.log.read_text(), _calls(first_night)), Night(second.text, _calls(place))


def _calls(place: Installation) -> int:
    return int(json.loads((place.folder / "demo_timings.json").read_text())["calls"])


def test_the_first_night_ends_with_the_three_rates_beside_the_studys(both_nights: tuple[Night, Night]) -> None:
    first, _ = both_nights

    row = re.search(r"these CRMs +([\d,]+) +([\d.]+)% +([\d.]+)% +([\d.]+)%", first.text)
    assert row is not None
    assert sum(float(rate) for rate in row.groups()[1:]) == pytest.approx(100, abs=0.2)
    assert re.search(r"study 2016 +46\.9% +29\.3% +23\.8%", first.text)


def test_the_first_night_names_every_rule_and_what_to_do(both_nights: tuple[Night, Night]) -> None:
    first, _ = both_nights

    for rule in expectations.rules():
        assert f"{rule.id} {rule.name}:" in first.text
    assert "→ Sales operations: give the stage a row in dbt/seeds/stage_map.csv" in first.text


def test_the_first_night_lists_what_was_read_and_what_to_do_next(both_nights: tuple[Night, Night]) -> None:
    first, _ = both_nights

    assert re.search(r"salesforce +Opportunity +Bulk 2\.0", first.text)
    assert re.search(r"hubspot +deals ", first.text)
    assert re.search(r"Published crm-20260317T010000Z-001", first.text)
    assert all(command in first.text.replace("\n", "") for command, _ in NEXT_COMMANDS[:2])
    assert "What changed" not in first.text


def test_the_next_day_reads_the_changes_only_and_says_what_moved(both_nights: tuple[Night, Night]) -> None:
    first, second = both_nights

    assert second.calls < first.calls
    assert "What changed since yesterday" in second.text
    assert re.search(r"Written in salesforce: \d+ Opportunity", second.text)
    assert re.search(r"Open pipeline: [\d,]+ deals, [\d,]+ → [\d,]+ deals", second.text)
    assert re.search(r"Published crm-20260318T010000Z-002", second.text)


def test_dbts_own_lines_do_not_reach_the_terminal(both_nights: tuple[Night, Night]) -> None:
    assert all("START sql" not in night.text and "[RUN]" not in night.text for night in both_nights)
