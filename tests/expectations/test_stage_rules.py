"""Each rule about stages: a frame that passes it, and one that fails it for the reason meant."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from expectations import Severity
from tests.expectations.conftest import Found, Judge
from tests.expectations.frames import Frame

ABOUT_STAGES = ("C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C26", "C27", "C28")
STAGES = "intermediate.int_stages_conformed"


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("check_id", ABOUT_STAGES)
def test_sound_stages_pass(check_id: str, judge: Judge) -> None:
    result = judge(check_id)

    assert result.passed
    # nothing was switched off in the frame, so only C08 has nothing to judge
    assert (result.evaluated_rows == 0) == (check_id == "C08")


def test_a_stage_in_use_without_a_mapping_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("verbal", canonical_stage=None, source_label="Verbal Agreement")
    frame.add_deal("salesforce:1", path=("new", "verbal"), amount=Decimal("2500"))

    result = judge("C01")

    assert result.severity is Severity.ERROR
    assert found() == [("stage", "verbal")]
    assert (result.tally.opportunity_count, result.tally.open_amount) == (1, Decimal("2500.00"))


def test_a_retired_stage_that_nobody_used_needs_no_mapping(frame: Frame, judge: Judge) -> None:
    frame.add_stage("ancient", canonical_stage=None, is_active=False)

    assert judge("C01").passed


def test_a_retired_stage_with_old_visits_needs_a_mapping(frame: Frame, judge: Judge) -> None:
    frame.add_stage("ancient", canonical_stage=None, is_active=False, first_entered_at=day("2025-01-01"))

    assert judge("C01").finding_count == 1


def test_a_mapping_that_begins_after_a_deal_entered_the_stage_is_found(
    frame: Frame, judge: Judge, found: Found
) -> None:
    frame.add_stage("verbal", canonical_stage=5, source_label="Verbal Agreement")
    frame.add_deal("salesforce:1", path=("new", "verbal"))
    frame.change("update intermediate.int_stage_visits set canonical_stage = null where source_stage_id = 'verbal'")

    judge("C01")

    assert found() == [("stage", "verbal")]
    assert frame.rows("select observed from quality.stage_definition_findings") == [
        ('"Verbal Agreement" has no row in the stage map for 2026-01-07, when a deal entered it',)
    ]


def test_one_label_for_two_canonical_stages_is_one_finding(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("review", "hubspot", "partners", source_label="Business Review", canonical_stage=3)
    frame.add_stage("check", "hubspot", "direct", source_label="business review ", canonical_stage=5)
    frame.add_deal("hubspot:1", path=("new", "review", "demo"))

    result = judge("C02")

    assert found() == [("label", "Business Review")]
    assert result.tally.opportunity_count == 1
    assert frame.rows("select crm, observed from quality.stage_definition_findings") == [
        (None, "hubspot/direct says stage 5; hubspot/partners says stage 3")
    ]


def test_a_label_may_recur_with_the_same_meaning(judge: Judge) -> None:
    # the frame's two pipelines share all their labels
    assert judge("C02").passed


def test_pipelines_that_differ_by_more_than_a_tenth_are_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.change(f"update {STAGES} set default_probability = 0.3001 where crm = 'hubspot' and canonical_stage = 2")

    result = judge("C03")

    assert result.severity is Severity.WARNING
    assert found() == [("canonical_stage", "2:hubspot/partners|salesforce/default")]


def test_a_difference_of_exactly_a_tenth_is_allowed(frame: Frame, judge: Judge) -> None:
    frame.change(f"update {STAGES} set default_probability = 0.3 where crm = 'hubspot' and canonical_stage = 2")

    assert judge("C03").passed


def test_ranges_are_compared_not_single_stages(frame: Frame, judge: Judge) -> None:
    # hubspot 0.5 stands beside salesforce 0.5 to 0.65: no gap between the ranges
    frame.add_stage("demo2", default_probability=Decimal("0.65"), canonical_stage=4)

    assert judge("C03").passed


def test_inactive_stages_do_not_widen_a_range(frame: Frame, judge: Judge) -> None:
    frame.add_stage("old", default_probability=Decimal("0.9"), canonical_stage=3, is_active=False)
    frame.add_stage("needs", "hubspot", "partners", default_probability=Decimal("0.3"), canonical_stage=3)

    assert judge("C03").passed


def test_a_probability_that_falls_along_the_order_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("late", stage_order=5, canonical_stage=4, default_probability=Decimal("0.4"))

    result = judge("C04")

    assert found() == [("stage", "late")]
    assert result.severity is Severity.WARNING


def test_an_open_stage_that_nobody_mapped_has_its_place_in_the_order(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("suspect", canonical_stage=None, default_probability=Decimal("0.1"))
    frame.add_stage("enrolled", canonical_stage=None, is_closed=True, stage_order=60, default_probability=Decimal("0"))

    judge("C04")

    assert found() == [("stage", "suspect")]


def test_closed_and_inactive_stages_have_no_place_in_the_order(frame: Frame, judge: Judge) -> None:
    # the frame's own ladder ends with lost at 0 after won at 1
    frame.add_stage("old", stage_order=6, canonical_stage=6, default_probability=Decimal("0.2"), is_active=False)

    assert judge("C04").passed


@pytest.mark.parametrize(
    ("canonical_stage", "is_closed", "is_won", "probability"),
    [
        (7, True, True, "0.95"),  # won, not certain
        (5, True, True, "0.95"),  # the flag alone says won
        (7, False, False, "0.95"),  # the map alone says won
        (8, True, False, "0.1"),  # lost, not impossible
        (8, False, False, "0.1"),  # the map says lost, the CRM leaves it open
        (4, False, False, "1"),  # open and certain
        (4, False, False, "0"),  # open and impossible
        (5, True, True, "1"),  # won in the CRM, open in the map
        (5, True, False, "0"),  # lost in the CRM, open in the map
        (8, True, True, "1"),  # won in the CRM, lost in the map
    ],
)
def test_outcome_and_probability_that_contradict_are_found(
    canonical_stage: int, is_closed: bool, is_won: bool, probability: str, frame: Frame, judge: Judge, found: Found
) -> None:
    frame.add_stage(
        "odd", canonical_stage=canonical_stage, is_closed=is_closed, is_won=is_won,
        default_probability=Decimal(probability),
    )  # fmt: skip

    result = judge("C05")

    assert result.severity is Severity.ERROR
    assert found() == [("stage", "odd")]


@pytest.mark.parametrize(
    ("is_closed", "is_won", "category"),
    [
        (True, False, "pipeline"),
        (True, False, "commit"),
        (True, False, "closed"),
        (True, True, "omitted"),
        (True, True, "pipeline"),
        (False, False, "closed"),
    ],
)
def test_a_forecast_category_that_contradicts_the_flags_is_found(
    is_closed: bool, is_won: bool, category: str, frame: Frame, judge: Judge, found: Found
) -> None:
    frame.add_stage("odd", is_closed=is_closed, is_won=is_won, forecast_category=category)

    result = judge("C06")

    assert result.severity is Severity.ERROR
    assert found() == [("stage", "odd")]


def test_an_open_stage_may_be_left_out_of_the_forecast(frame: Frame, judge: Judge) -> None:
    frame.add_stage("quiet", forecast_category="omitted")

    assert judge("C06").passed


def test_a_used_stage_that_the_crm_does_not_list_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("legacy", is_in_metadata=False, canonical_stage=5)
    frame.add_deal("salesforce:1", path=("new", "legacy", "offer"))

    result = judge("C07")

    assert result.severity is Severity.ERROR
    assert found() == [("stage", "legacy")]
    assert result.tally.opportunity_count == 1


def test_an_unlisted_stage_of_deleted_deals_is_no_finding(frame: Frame, judge: Judge) -> None:
    frame.add_stage("legacy", is_in_metadata=False, canonical_stage=5)
    frame.add_deal("salesforce:1", path=("new", "legacy"), is_deleted=True)

    assert judge("C07").passed


def test_an_entry_after_the_stage_was_switched_off_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("review", is_active=False, deactivated_at=day("2025-06-01"))
    for number in (1, 2):
        frame.add_deal(f"salesforce:{number}", path=("new", "review"))

    result = judge("C08")

    assert result.severity is Severity.WARNING
    assert found() == [("stage", "review")]
    assert result.tally.opportunity_count == 2


def test_entries_before_the_stage_was_switched_off_are_allowed(frame: Frame, judge: Judge) -> None:
    frame.add_stage("review", is_active=False, deactivated_at=day("2026-03-01"))
    frame.add_deal("salesforce:1", path=("new", "review"))

    assert judge("C08").passed


def test_a_forecast_category_that_falls_along_the_order_is_found(frame: Frame, judge: Judge, found: Found) -> None:
    frame.change(f"update {STAGES} set forecast_category = 'commit' where crm = 'salesforce' and canonical_stage = 4")

    result = judge("C26")

    assert found() == [("stage", "offer")]
    assert result.severity is Severity.WARNING
    assert frame.rows("select observed from quality.stage_definition_findings") == [
        ('"Offer" pipeline comes after "Demo" commit',)
    ]


def test_a_forecast_category_may_rise_and_inactive_stages_do_not_matter(frame: Frame, judge: Judge) -> None:
    for canonical, category in ((1, "omitted"), (4, "best_case"), (5, "commit")):
        frame.change(f"update {STAGES} set forecast_category = '{category}' where canonical_stage = {canonical}")
    frame.add_stage("old", stage_order=9, forecast_category="pipeline", is_active=False)

    assert judge("C26").passed


def test_stages_without_a_forecast_category_are_not_judged_by_it(frame: Frame, judge: Judge) -> None:
    frame.change(f"update {STAGES} set forecast_category = null where crm = 'hubspot'")

    assert judge("C26").evaluated_rows == 4
    assert judge("C28").evaluated_rows == 4


def test_two_ways_to_win_in_one_pipeline_are_two_findings(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("enrolled", canonical_stage=7, default_probability=Decimal("1"))

    result = judge("C27")

    assert found() == [("stage", "enrolled"), ("stage", "won")]
    assert result.severity is Severity.INFO


def test_two_ways_to_lose_are_found_where_the_crm_has_no_categories(frame: Frame, judge: Judge, found: Found) -> None:
    frame.change(f"update {STAGES} set forecast_category = null where crm = 'hubspot'")
    frame.add_stage("gone", "hubspot", "partners", canonical_stage=8, forecast_category=None)

    judge("C27")

    assert found() == [("stage", "gone"), ("stage", "lost")]


def test_a_retired_end_of_a_pipeline_counts_no_more(frame: Frame, judge: Judge) -> None:
    frame.add_stage("denied", canonical_stage=8, is_active=False)

    assert judge("C27").passed


def test_an_open_stage_that_nobody_forecasts_is_told(frame: Frame, judge: Judge, found: Found) -> None:
    frame.add_stage("parked", forecast_category="omitted", stage_order=0)
    frame.add_stage("old", forecast_category="omitted", is_active=False)

    result = judge("C28")

    assert found() == [("stage", "parked")]
    assert result.severity is Severity.INFO
