"""Precision and recall: what the checks find in a sandbox world is what the world knows it planted, no more, no less.

Each world becomes a warehouse by the project's own dbt models, once per run. Two worlds with a single plant stand for
all of them here; `python -m pytest tests/expectations/every_plant.py` tries each of them.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from expectations import evaluate, hold_reasons, rules, untrusted_money
from tests.support.judged_world import JudgedWorlds

PLANTS = frozenset(rule.id for rule in rules())
# one plant in the stage list, one in what deals do
SINGLES = ("C02", "C13")


def test_every_planted_inconsistency_is_found_and_nothing_else(worlds: JudgedWorlds) -> None:
    judged = worlds.of(PLANTS)

    assert judged.found() == judged.planted()
    assert {check_id for check_id, *_ in judged.found()} == PLANTS


def test_a_clean_world_gives_no_finding(worlds: JudgedWorlds) -> None:
    judged = worlds.of(frozenset())

    assert judged.found() == set()
    assert judged.rows("select count(*) from intermediate.int_opportunities_conformed") > [(500,)]
    assert hold_reasons(judged.warehouse, untrusted_share_limit=0.0) == []


@pytest.mark.parametrize("plant", SINGLES)
def test_a_plant_alone_is_found_alone(plant: str, worlds: JudgedWorlds) -> None:
    judged = worlds.of(frozenset({plant}))

    assert judged.found() == judged.planted()
    assert {check_id for check_id, *_ in judged.found()} == {plant}


def test_the_planted_errors_stay_below_the_limit_of_publication(worlds: JudgedWorlds) -> None:
    judged = worlds.of(PLANTS)

    assert hold_reasons(judged.warehouse, untrusted_share_limit=0.05) == []
    assert untrusted_money(judged.warehouse).untrusted_opportunity_count > 0


def test_findings_follow_the_world_from_day_to_day(worlds: JudgedWorlds) -> None:
    judged = worlds.of(PLANTS)
    before = judged.found()
    first_day = judged.as_of

    worlds.play(judged, days=3)

    assert judged.as_of == first_day + timedelta(days=3)
    assert judged.found() == judged.planted()
    assert judged.found() != before
    kept = judged.rows(
        "select count(*) from quality.stage_definition_findings where status = 'open' and first_seen_at = ?",
        first_day.replace(tzinfo=None),
    )
    assert kept == [(len(judged.found() & before),)]


def test_judging_a_whole_world_again_changes_no_row(worlds: JudgedWorlds) -> None:
    judged = worlds.of(frozenset({SINGLES[0]}))
    findings = "select * from quality.stage_definition_findings order by all"
    before = judged.rows(findings)

    evaluate(judged.warehouse, judged.as_of)

    assert judged.rows(findings) == before


def test_the_sample_sql_of_every_finding_returns_its_evidence(worlds: JudgedWorlds) -> None:
    judged = worlds.of(PLANTS)
    findings = judged.rows(
        "select sample_sql, cast(json_extract(evidence, '$.total') as integer) "
        "from quality.stage_definition_findings where status = 'open' "
        "qualify row_number() over (partition by check_id order by finding_key) <= 2"
    )

    counts = [(len(judged.rows(str(sample_sql))), total) for sample_sql, total in findings]

    assert len(counts) >= len(PLANTS)
    assert all(returned == total for returned, total in counts)
