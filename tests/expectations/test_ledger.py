"""What the quality tables remember from one evaluation to the next."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import pytest

from expectations import create_quality_tables, evaluate
from tests.expectations.conftest import AS_OF, Judge
from tests.expectations.frames import Frame

TABLES = ("stage_definition_findings", "finding_opportunities", "check_runs")
HISTORY = "select entity_id, status, first_seen_at, last_seen_at, resolved_at from quality.stage_definition_findings"
FIRST = AS_OF.replace(tzinfo=None)


def contents(frame: Frame) -> list[list[tuple[object, ...]]]:
    return [frame.rows(f"select * from quality.{table}") for table in TABLES]


def night(number: int) -> datetime:
    return AS_OF + timedelta(days=number)


def at(number: int) -> datetime:
    """The same night as the tables store it."""
    return night(number).replace(tzinfo=None)


def close_in(frame: Frame, close_date: date) -> None:
    frame.change(
        f"update intermediate.int_opportunities_conformed set close_date = '{close_date}' "
        "where opportunity_id = 'salesforce:1'"
    )


@pytest.fixture
def overdue(frame: Frame) -> Frame:
    frame.add_deal("salesforce:1", close_date=date(2026, 3, 1))
    return frame


def test_judging_the_same_moment_again_changes_nothing(overdue: Frame) -> None:
    overdue.add_stage("verbal", canonical_stage=None)
    overdue.add_deal("salesforce:2", path=("new", "verbal"))
    evaluate(overdue.path, AS_OF)
    before = contents(overdue)

    evaluate(overdue.path, AS_OF)

    assert contents(overdue) == before
    assert all(before)


def test_a_finding_keeps_the_day_it_was_first_seen(overdue: Frame, judge: Judge) -> None:
    first = judge("C17", night(0))

    second = judge("C17", night(1))

    assert (first.tally.new_count, second.tally.new_count) == (1, 0)
    assert overdue.rows(HISTORY) == [("salesforce:1", "open", at(0), at(1), None)]


def test_a_finding_that_is_gone_is_resolved_and_stays_so(overdue: Frame, judge: Judge) -> None:
    judge("C17", night(0))
    close_in(overdue, date(2026, 12, 31))

    judge("C17", night(1))
    judge("C17", night(2))

    assert overdue.rows(HISTORY) == [("salesforce:1", "resolved", at(0), at(0), at(1))]


def test_a_finding_that_comes_back_keeps_its_first_day(overdue: Frame, judge: Judge) -> None:
    judge("C17", night(0))
    close_in(overdue, date(2026, 12, 31))
    judge("C17", night(1))
    close_in(overdue, date(2026, 3, 2))

    result = judge("C17", night(2))

    assert overdue.rows(HISTORY) == [("salesforce:1", "open", at(0), at(2), None)]
    assert result.tally.new_count == 0


def test_a_new_owner_is_the_same_finding(overdue: Frame, judge: Judge) -> None:
    judge("C17", night(0))
    overdue.change("update intermediate.int_opportunities_conformed set owner_id = 'someone else'")

    judge("C17", night(1))

    assert overdue.rows("select owner_id, first_seen_at from quality.stage_definition_findings") == [
        ("someone else", at(0))
    ]


def test_checks_that_were_not_asked_for_keep_their_findings(overdue: Frame, judge: Judge) -> None:
    judge("C17", night(0))
    close_in(overdue, date(2026, 12, 31))

    judge("C24", night(1))

    assert overdue.rows(HISTORY) == [("salesforce:1", "open", at(0), at(0), None)]


def test_only_open_errors_make_deals_untrusted(overdue: Frame) -> None:
    overdue.add_stage("verbal", canonical_stage=None)
    overdue.add_deal("salesforce:2", path=("new", "verbal"))  # in it
    overdue.add_deal("salesforce:3", path=("new", "verbal", "qualified"))  # was in it
    overdue.add_deal("salesforce:4", path=("new", "verbal"), is_deleted=True)
    evaluate(overdue.path, night(0))
    touched = overdue.rows(
        "select check_id, opportunity_id from quality.finding_opportunities "
        "inner join quality.stage_definition_findings using (finding_key) order by all"
    )

    for table in ("int_stages_conformed", "int_stage_visits"):
        overdue.change(f"update intermediate.{table} set canonical_stage = 6 where canonical_stage is null")
    evaluate(overdue.path, night(1))

    assert touched == [("C01", "salesforce:2"), ("C01", "salesforce:3")]
    assert overdue.rows("select * from quality.finding_opportunities") == []


def test_every_check_leaves_a_run_behind(overdue: Frame) -> None:
    evaluate(overdue.path, AS_OF, ["C17", "C24"])

    assert overdue.rows("select * from quality.check_runs order by check_id") == [
        ("C17", FIRST, "warning", 2, 1, "failed"),
        ("C24", FIRST, "warning", 1, 0, "ok"),
    ]


def test_a_write_that_fails_half_way_leaves_the_findings_whole(overdue: Frame, judge: Judge) -> None:
    judge("C17", night(0))
    close_in(overdue, date(2026, 12, 31))
    overdue.change("alter table quality.check_runs drop column status")
    before = contents(overdue)

    with pytest.raises(duckdb.Error):
        judge("C17", night(1))

    assert contents(overdue) == before


def test_long_evidence_is_cut_in_the_row_and_counted_in_full(frame: Frame, judge: Judge) -> None:
    frame.add_stage("review", is_active=False, deactivated_at=datetime(2025, 6, 1))  # noqa: DTZ001
    for number in range(25):
        frame.add_deal(f"salesforce:{number}", path=("review",))

    judge("C08")

    assert frame.rows(
        "select opportunity_count, json_extract(evidence, '$.total'), json_array_length(evidence, '$.rows') "
        "from quality.stage_definition_findings"
    ) == [(25, "25", 20)]


def test_more_findings_than_great_expectations_returns_are_all_kept(frame: Frame, judge: Judge) -> None:
    for number in range(230):
        frame.add_deal(f"salesforce:{number}", close_date=date(2026, 3, 1))

    result = judge("C17")

    assert result.finding_count == 230
    assert frame.rows("select count(*) from quality.stage_definition_findings") == [(230,)]


def test_the_tables_exist_before_anything_was_judged(frame: Frame) -> None:
    create_quality_tables(frame.path)
    create_quality_tables(frame.path)

    assert contents(frame) == [[], [], []]
