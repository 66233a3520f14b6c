"""The edges of an evaluation: what is refused, what is broken, and what it leaves behind in the process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from expectations import SUITES, BrokenExpectationError, UnknownCheckError, evaluate, rules
from expectations.evaluation import evaluate_suites
from expectations.rules import AsOf, Suite
from tests.expectations.conftest import AS_OF
from tests.expectations.frames import Frame

LATER = AS_OF + timedelta(days=1)


def with_evidence(check_id: str, evidence: str) -> list[Suite]:
    """All suites, one rule asking something else."""
    return [
        replace(suite, rules=tuple(replace(r, evidence=evidence) if r.id == check_id else r for r in suite.rules))
        for suite in SUITES
    ]


def test_a_rule_whose_sql_is_broken_raises_instead_of_failing(frame: Frame) -> None:
    frame.add_deal("salesforce:1", path=("new", "demo"), skipped={2: "2"})
    evaluate(frame.path, AS_OF)
    findings = "select * from quality.stage_definition_findings"
    before = frame.rows(findings)
    broken = with_evidence("C04", "rows_found as (select no_such_column from population) select * from rows_found")

    with pytest.raises(BrokenExpectationError, match=r"C04 \(probability_rises_along_stages\).*no_such_column"):
        evaluate_suites(frame.path, broken, AsOf(LATER))

    assert frame.rows(findings) == before
    assert frame.rows(
        "select check_id, status from quality.check_runs where as_of > ?", AS_OF.replace(tzinfo=None)
    ) == [("C04", "broken")]


def test_a_warehouse_without_conformed_tables_is_broken_not_clean(frame: Frame) -> None:
    frame.change("drop table intermediate.int_stage_visits")

    with pytest.raises(BrokenExpectationError, match="int_stage_visits"):
        evaluate(frame.path, AS_OF, ["C13"])


def test_rows_that_are_gone_when_read_again_are_not_a_verdict(frame: Frame) -> None:
    # Great Expectations asks twice about the twelve stages, so the third reading finds none
    flickering = (
        "flickering as (select 1 as one from population where nextval('flicker') <= 24) select * from flickering"
    )
    frame.change("create sequence flicker")

    with pytest.raises(BrokenExpectationError, match=r"counted 12 rows and then returned 0"):
        evaluate_suites(frame.path, with_evidence("C01", flickering)[:1], AsOf(AS_OF))


def test_a_check_that_does_not_exist_is_refused(frame: Frame) -> None:
    with pytest.raises(UnknownCheckError, match="no check C99"):
        evaluate(frame.path, AS_OF, ["C17", "C99"])


def test_a_moment_without_a_time_zone_is_refused(frame: Frame) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        evaluate(frame.path, datetime(2026, 3, 17))  # noqa: DTZ001


@pytest.mark.parametrize("breaks", [False, True])
def test_the_file_is_free_for_other_processes_afterwards(breaks: bool, frame: Frame) -> None:
    suites = with_evidence("C01", "nothing as (select nothing) select * from nothing") if breaks else list(SUITES)
    frame.close()
    try:
        evaluate_suites(frame.path, suites, AsOf(AS_OF))
    except BrokenExpectationError:
        assert breaks

    writing = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table taken (one integer)')"
    subprocess.run([sys.executable, "-c", writing, str(frame.path)], check=True, timeout=60)


def test_an_evaluation_waits_for_what_is_being_loaded(frame: Frame) -> None:
    code = (
        "import datetime, pathlib, sys, expectations; expectations.preload(); expectations.preload(); "
        "now = datetime.datetime.fromisoformat(sys.argv[2]); "
        "print(len(expectations.evaluate(pathlib.Path(sys.argv[1]), now)))"
    )
    frame.close()

    done = subprocess.run(
        [sys.executable, "-c", code, str(frame.path), AS_OF.isoformat()], check=True, capture_output=True, text=True
    )

    assert done.stdout == f"{len(rules())}\n"
