"""Each rule about deals: a frame that passes it, and one that fails it for the reason meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

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
    frame.add_deal("salesforce:1", path=("new", "demo"))

    result = judge("C13")

    assert result.severity is Severity.WARNING
    assert found() == [("opportunity_move", "salesforce:1:demo:2026-01-07T00:00:00Z")]
    assert frame.rows("select owner_id, observed from quality.stage_definition_findings") == [
        ("rep", 'moved from stage 1 to 4 without 2 "Qualified"')
    ]


def test_several_stages_skipped_at_once_are_one_finding(frame: Frame, judge: Judge) -> None:
    frame.add_deal("salesforce:1", path=("new", "won"))

    assert judge("C13").finding_count == 1
    ((total,),) = frame.rows("select json_extract(evidence, '$.total') from quality.stage_definition_findings")
    # qualified, demo and offer: the pipeline has no stages 3 and 6
    assert total == "3"


def test_a_deal_that_begins_past_qualification_has_skipped_it(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("salesforce:1", path=("demo", "offer"))

    judge("C13")

    assert found() == [("opportunity_move", "salesforce:1:demo:2026-01-02T00:00:00Z")]


@pytest.mark.parametrize(
    "path",
    [
        ("new", "qualified", "demo", "offer", "won"),
        ("qualified", "demo"),  # a deal may begin at qualification
        ("new", "lost"),  # a deal may be lost from anywhere
        ("new", "qualified", "demo", "new", "offer", "demo", "won"),  # what was visited before is not skipped
        ("offer", "new"),  # judged at creation only; see the next test
    ],
)
def test_these_paths_skip_nothing_by_their_last_move(path: tuple[str, ...], frame: Frame, judge: Judge) -> None:
    frame.add_deal("salesforce:1", path=path)

    judge("C13")

    last = frame.rows("select entity_id from quality.stage_definition_findings where source_stage_id = ?", path[-1])
    assert last == []


def test_a_stage_that_only_other_pipelines_have_cannot_be_skipped(frame: Frame, judge: Judge) -> None:
    frame.add_stage("needs", "hubspot", "partners", canonical_stage=3)
    frame.add_deal("salesforce:1", path=("new", "qualified", "demo"))

    assert judge("C13").passed


def test_a_stage_that_was_switched_off_cannot_be_skipped(frame: Frame, judge: Judge) -> None:
    frame.add_stage("needs", canonical_stage=3, is_active=False)
    frame.add_deal("salesforce:1", path=("new", "qualified", "demo"))

    assert judge("C13").passed


def test_moves_are_read_across_a_stage_without_a_mapping(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("verbal", canonical_stage=None)
    frame.add_deal("salesforce:1", path=("new", "qualified", "verbal", "demo"))
    frame.add_deal("salesforce:2", path=("new", "verbal", "demo"))

    judge("C13")

    assert found() == [("opportunity_move", "salesforce:2:demo:2026-01-12T00:00:00Z")]


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": datetime(2026, 2, 1), "closed_at": datetime(2026, 1, 31, 23)},  # noqa: DTZ001
        {"created_at": datetime(2026, 1, 3)},  # noqa: DTZ001  # the first visit is of 2 January
    ],
    ids=["closed before created", "visited before created"],
)
def test_impossible_dates_are_found(changes: dict[str, object], frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("hubspot:1", path=("new", "lost"), loss_class="other", **changes)

    result = judge("C16")

    assert result.severity is Severity.ERROR
    assert found() == [("opportunity", "hubspot:1")]


def test_a_visit_that_precedes_the_one_before_it_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_deal("salesforce:1", path=("new", "qualified", "demo"))
    frame.change(
        "update intermediate.int_stage_visits set entered_at = timestamp '2026-01-05 00:00:00' "
        "where opportunity_id = 'salesforce:1' and visit_no = 3"
    )

    judge("C16")

    assert found() == [("opportunity", "salesforce:1")]


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
