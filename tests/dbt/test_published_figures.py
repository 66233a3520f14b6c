"""The figures of the studies that marts stand beside are those that were collected, none more and none less."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FACTS = PROJECT.parent / "shared" / "facts" / "generator_facts.json"
OUTCOMES = {"win": "won", "loss": "lost_competitor", "no_decision": "no_decision"}


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """The collected figures by topic."""
    if not FACTS.exists():
        pytest.skip(f"SKIPPED LOUDLY: the collected figures are not here ({FACTS.name})")
    collected: dict[str, Any] = json.loads(FACTS.read_text())
    return collected


def _seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "dbt" / "seeds" / f"{name}.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))


def test_the_forecast_outcomes_are_those_of_the_studies_year_by_year(facts: dict[str, Any]) -> None:
    values = facts["forecast_deal_outcomes_cso_insights"]["values"]
    collected = sorted(
        (study.split("_")[0], OUTCOMES[outcome], share)
        for study, outcomes in values.items()
        for outcome, share in outcomes.items()
        # a share of one kind of company is no figure of a year
        if outcome in OUTCOMES and study[0].isdigit()
    )
    seeded = sorted(
        (row["study_year"], row["outcome_class"], float(row["share"]) if row["qualifier"] == "exact" else row["published_text"])
        for row in _seed("published_forecast_outcomes")
    )

    # what the studies say in words stands in the seed in the same words, without a sign for "about"
    def in_words(figures: list[tuple[str, str, Any]]) -> list[tuple[str, str, str]]:
        return sorted((year, outcome, str(share).replace("~5", "about 5")) for year, outcome, share in figures)

    assert in_words(seeded) == in_words(collected)


def test_quota_attainment_is_that_of_the_studies(facts: dict[str, Any]) -> None:
    words = {
        "2019_study": "2019",
        "no_process_no_tech": "no process and no technology",
        "process_and_tech": "process and technology",
    }
    collected = {words.get(study, study): share for study, share in facts["quota_attainment"]["values"].items()}

    assert _shares("quota_attainment") == {year: (share, share) for year, share in collected.items()}


def test_win_rates_are_those_that_were_collected(facts: dict[str, Any]) -> None:
    collected = facts["all_opportunity_win_rate"]["values"].values()
    figures = sorted(figure for value in collected for figure in (value if isinstance(value, list) else [value]))

    seeded = sorted(float(row["published_low"]) for row in _seed("published_sales_rates") if row["measure"] == "win_rate")

    assert seeded == pytest.approx(figures, abs=0.00051)  # three decimals


def test_slips_and_no_decisions_are_those_that_were_collected(facts: dict[str, Any]) -> None:
    slips = facts["slips_pushes"]
    collected = {year: (share, share) for year, share in slips["deals_slipped_Ebsta"].items()}
    collected["survey"] = tuple(slips["commit_pipeline_missing_date_per_quarter"])

    assert _shares("forecast_slip_rate") == collected
    no_decision = tuple(facts["all_opportunity_win_rate"]["no_decision_of_pipeline_JOLT"])
    assert _shares("closed_no_decision_rate") == {"undated": no_decision}


def _shares(measure: str) -> dict[str, tuple[float, float]]:
    rows = [row for row in _seed("published_sales_rates") if row["measure"] == measure]
    return {row["study_year"]: (float(row["published_low"]), float(row["published_high"])) for row in rows}
