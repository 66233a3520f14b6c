"""The list of rules: what anyone may rely on without a warehouse."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest
import sqlfluff

from expectations import Rule, rules
from expectations.rules import FINDING_COLUMNS, AsOf, Touch
from tests.expectations.conftest import AS_OF
from tests.expectations.frames import Frame


def test_listing_the_rules_does_not_load_great_expectations() -> None:
    code = "import sys, expectations; expectations.rules(); print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()

    assert {"great_expectations", "pandas", "sqlalchemy", "pyarrow"}.isdisjoint(loaded)


def test_every_rule_says_what_it_claims_and_who_acts() -> None:
    listed = rules()

    assert [rule.id for rule in listed] == [
        "C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C13", "C16", "C17", "C24", "C26", "C27",
        "C28",
    ]  # fmt: skip
    assert len({rule.name for rule in listed}) == len(listed)
    assert all(rule.description.endswith(".") and ": " in rule.action and rule.owner for rule in listed)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_evidence_has_the_columns_that_findings_are_made_of(rule: Rule, frame: Frame) -> None:
    with duckdb.connect(str(frame.path)) as connection:
        description = connection.execute(rule.query(rule.table, AsOf(AS_OF))).description

    columns = {column[0] for column in description}
    touched = "touched_opportunity_id" if rule.touch is Touch.OPPORTUNITY else "touched_stage_key"
    assert columns >= {*FINDING_COLUMNS, "observed", "expected", touched}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
@pytest.mark.parametrize("dialect", ["postgres", "snowflake"])
def test_rules_are_written_in_sql_that_other_engines_read(dialect: str, rule: Rule) -> None:
    sqlfluff.parse(rule.query(rule.table, AsOf(AS_OF)) + "\n", dialect=dialect)
