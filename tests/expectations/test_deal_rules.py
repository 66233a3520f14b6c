"""Each rule about deals: a frame that passes it, and one that fails it for the reason meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from expectations import Severity, evaluate
from tests.expectations.conftest import AS_OF, Found, Judge
from tests.expectations.frames import Frame


@pytest.mark.parametrize("check_id", ["C13", "C16", "C17", "C24"])
def test_sound_deals_pass(check_id: str, judge: Judge) -> None:
    result = judge(check_id)

    assert result.passed
    assert result.evaluated_rows > 0


def test_a_move_past_a_stage_of_the_pipeline_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("salesforce:1", path=("new", "demo", "offer"), skipped={2: "2"})

    result = judge("C13")

    assert result.severity is Severity.WARNING
    assert found() == [("opportunity_move", "salesforce:1:demo:2026-01-07T00:00:00Z")]
    assert frame.rows("select owner_id, observed from quality.stage_definition_findings") == [
        ("rep", "moved from stage 1 to 4 without 2")
    ]


def test_a_deal_that_begins_past_a_stage_is_found(frame: Frame, judge: Judge) -> None:
    frame.add_deal("salesforce:1", path=("offer",), skipped={1: "2,4"})

    judge("C13")

    assert frame.rows("select observed from quality.stage_definition_findings") == [("began in stage 5 without 2,4",)]


def test_each_move_past_a_stage_is_a_finding_of_its_own(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("salesforce:1", path=("new", "demo", "won"), skipped={2: "2", 3: "5"})
    frame.add_deal("salesforce:2", path=("new", "demo"), skipped={2: "2"}, is_deleted=True)

    result = judge("C13")

    assert len(found()) == 2
    assert result.tally.opportunity_count == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": datetime(2026, 1, 2, 9), "source_close_at": datetime(2026, 1, 2, 8)},  # noqa: DTZ001
        {"close_date": date(2025, 12, 31)},  # two days before it was created
        {"created_at": datetime(2026, 1, 2, 1)},  # noqa: DTZ001  # the first visit is of midnight
    ],
    ids=["closed before created", "close date before created", "visited before created"],
)
def test_impossible_dates_are_found(changes: dict[str, Any], frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("hubspot:1", path=("new", "lost"), loss_class="other", **changes)

    result = judge("C16")

    assert result.severity is Severity.ERROR
    assert found() == [("opportunity", "hubspot:1")]


def test_a_close_date_may_be_a_day_behind_utc(frame: Frame, judge: Judge) -> None:
    # created at midnight UTC on 2 January, which is still the first in America
    frame.add_deal("salesforce:1", path=("won",), close_date=date(2026, 1, 1))

    assert judge("C16").passed


def test_an_open_deal_may_have_any_close_date(frame: Frame, judge: Judge) -> None:
    frame.add_deal("salesforce:1", close_date=date(2020, 1, 1))

    assert judge("C16").passed


def test_a_deal_closed_in_the_second_of_its_creation_is_allowed(frame: Frame, judge: Judge) -> None:
    frame.add_deal("salesforce:1", path=("won",))

    assert judge("C16").passed


def test_an_open_deal_past_its_close_date_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("salesforce:1", close_date=date(2026, 3, 16))
    frame.add_deal("salesforce:2", close_date=date(2026, 3, 17))
    frame.add_deal("salesforce:3", close_date=date(2026, 3, 16), is_deleted=True)
    frame.add_deal("hubspot:4", path=("new", "qualified", "demo", "offer", "won"), close_date=date(2026, 3, 1))

    result = judge("C17")

    assert found() == [("opportunity", "salesforce:1")]
    assert (result.severity, result.tally.open_amount) == (Severity.WARNING, Decimal("1000.00"))


def test_overdue_is_a_question_of_the_calendar_day_where_people_work(frame: Frame, found: Found) -> None:
    frame.add_deal("salesforce:1", close_date=date(2026, 3, 16))
    early_in_utc = datetime(2026, 3, 17, 2, tzinfo=UTC)

    evaluate(frame.path, early_in_utc, ["C17"], time_zone="America/New_York")

    assert found() == []


@pytest.mark.parametrize("reason", [None, "", "  ", "tbd"])
def test_a_loss_without_a_known_reason_is_found(reason: str | None, frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("hubspot:1", path=("new", "lost"), loss_reason_raw=reason, loss_class=None)

    judge("C24")

    assert found() == [("opportunity", "hubspot:1")]


@pytest.mark.parametrize(("lost", "severity"), [(10, Severity.WARNING), (9, Severity.ERROR)])
def test_unknown_reasons_become_an_error_above_a_tenth_of_the_losses(
    lost: int, severity: Severity, frame: Frame, judge: Judge
) -> None:
    # the frame brings one lost deal with a reason
    for number in range(lost - 2):
        frame.add_deal(f"hubspot:{number}", path=("new", "lost"), loss_class="no_decision")
    frame.add_deal("hubspot:unknown", path=("new", "lost"))

    result = judge("C24")

    assert (result.evaluated_rows, result.finding_count) == (lost, 1)
    assert result.severity is severity
    assert frame.rows("select distinct severity from quality.stage_definition_findings") == [(severity.value,)]


def test_a_finding_carries_what_a_person_needs_to_act(frame: Frame, judge: Judge) -> None:
    frame.add_deal("salesforce:o'hara", close_date=AS_OF.date() - timedelta(days=3))

    result = judge("C17")

    (row,) = frame.rows(
        "select observed, expected, action, owner_id, sample_sql from quality.stage_definition_findings"
    )
    assert row[:2] == ("closes 2026-03-14", "not before 2026-03-17")
    assert row[2:4] == (result.rule.action, "rep")
    (evidence,) = frame.rows(str(row[4]))
    assert "salesforce:o'hara" in evidence
