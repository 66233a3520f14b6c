"""`make demo` as a stranger reads it: the first night, and the next day."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import expectations
from dagster_project.demo.report import NEXT_COMMANDS
from dagster_project.settings import PROJECT_DIR


@dataclass(frozen=True)
class Night:
    """What a run of the demo printed, and what it noted of itself."""

    text: str
    calls: int


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, Night]:
    data = tmp_path_factory.mktemp("demo")
    return _play(data), _play(data)


def _play(data: Path) -> Night:
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.demo"],
        cwd=PROJECT_DIR,
        env={
            **os.environ,
            "CRM_DATA_DIR": str(data),
            "DAGSTER_HOME": str(data / "dagster"),
            "SANDBOX_SIZE": "small",
            "COLUMNS": "100",
        },
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    noted = json.loads((data / "demo_timings.json").read_text())
    return Night(done.stdout, noted["calls"])


def test_the_first_night_ends_with_the_three_rates_beside_the_studys(nights: tuple[Night, Night]) -> None:
    first, _ = nights

    row = re.search(r"these CRMs +([\d,]+) +([\d.]+)% +([\d.]+)% +([\d.]+)%", first.text)
    assert row is not None
    assert sum(float(rate) for rate in row.groups()[1:]) == pytest.approx(100, abs=0.2)
    assert re.search(r"study 2016 +46\.9% +29\.3% +23\.8%", first.text)


def test_the_first_night_names_every_rule_and_what_to_do(nights: tuple[Night, Night]) -> None:
    first, _ = nights

    for rule in expectations.rules():
        assert f"{rule.id} {rule.name}:" in first.text
    assert "→ Sales operations: give the stage a row in dbt/seeds/stage_map.csv" in first.text


def test_the_first_night_lists_what_was_read_and_what_to_do_next(nights: tuple[Night, Night]) -> None:
    first, _ = nights

    assert re.search(r"salesforce +Opportunity +Bulk 2\.0", first.text)
    assert re.search(r"hubspot +deals ", first.text)
    assert re.search(r"Published crm-20260317T010000Z-001", first.text)
    assert all(command in first.text.replace("\n", "") for command, _ in NEXT_COMMANDS[:2])
    assert "What changed" not in first.text


def test_the_next_day_reads_the_changes_only_and_says_what_moved(nights: tuple[Night, Night]) -> None:
    first, second = nights

    assert second.calls < first.calls
    assert "What changed since yesterday" in second.text
    assert re.search(r"Written in salesforce: \d+ Opportunity", second.text)
    assert re.search(r"Open pipeline: [\d,]+ deals, [\d,]+ → [\d,]+ deals", second.text)
    assert re.search(r"Published crm-20260318T010000Z-002", second.text)


def test_dbts_own_lines_do_not_reach_the_terminal(nights: tuple[Night, Night]) -> None:
    assert all("START sql" not in night.text and "[RUN]" not in night.text for night in nights)
