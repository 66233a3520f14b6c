"""The seed that the marts read the rules from, held against the rules themselves."""

from __future__ import annotations

import csv

import expectations
from dagster_project.dbt_calls import DBT_DIR


def test_the_seed_of_checks_says_what_the_rules_say() -> None:
    with (DBT_DIR / "seeds" / "quality_checks.csv").open(newline="") as file:
        seeded = list(csv.DictReader(file))

    assert seeded == [
        {
            "check_id": rule.id,
            "check_name": rule.name,
            "severity": rule.severity.value,
            "description": rule.description,
            "action": rule.action,
            "owner": rule.owner,
        }
        for rule in expectations.rules()
    ]
