"""Every metric of the semantic layer, asked through MetricFlow, is what its mart says."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dbt.conftest import Built
from tests.support.metrics import SEMANTIC_MANIFEST, Metrics, Row

# rates of marts are rounded to six decimals, MetricFlow's are not
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Question:
    """Metrics in groups, and the query on the marts that gives the same: groups first, then the metrics in order."""

    metrics: str
    marts: str
    by: str = ""
    where: str = ""


COUNTED = "is_primary_record and not is_deleted"
VISITS = (
    "marts.fct_opportunity_stage_history inner join marts.dim_opportunity using (opportunity_id) "
    f"where {COUNTED.replace('is_', 'dim_opportunity.is_')}"
)
AS_OF_DAY = "(select date_day from marts.dim_date where is_as_of_day)"

QUESTIONS = [
    Question(
        "open_pipeline weighted_pipeline default_weighted_pipeline open_deals open_deals_without_amount "
        "untrusted_pipeline omitted_pipeline",
        by="opportunity__forecast_category",
        marts="select forecast_category, sum(open_amount), sum(weighted_amount), sum(default_weighted_amount), "
        "sum(open_opportunity_count), sum(without_amount_count), sum(untrusted_open_amount), "
        "coalesce(sum(open_amount) filter (forecast_category = 'omitted'), 0) "
        f"from marts.fct_pipeline_daily_snapshot where snapshot_date = {AS_OF_DAY} and is_primary_record group by all",
    ),
    Question(
        "open_pipeline",
        by="metric_time__fiscal_quarter",
        marts="select close_fiscal_quarter, sum(open_amount) from marts.fct_pipeline_daily_snapshot "
        f"where snapshot_date = {AS_OF_DAY} and is_primary_record group by all",
    ),
    Question(
        "created_deals",
        by="metric_time__fiscal_quarter opportunity__crm",
        marts="select created_fiscal_quarter, crm, count(distinct opportunity_id) from marts.fct_funnel "
        "where is_primary_record group by all",
    ),
    Question(
        "created_pipeline",
        by="metric_time__month",
        marts="select date_trunc('month', created_at), sum(amount) from marts.dim_opportunity "
        f"where {COUNTED} group by all",
    ),
    Question(
        "won_deals closed_deals win_rate",
        by="metric_time__fiscal_year",
        where="{{ TimeDimension('metric_time', 'day') }} < ("
        "select fiscal_quarter_start_date from marts.dim_date where is_as_of_day)",
        marts="select distinct cast(fiscal_year[3:] as integer), numerator, denominator, own_rate "
        "from marts.rpt_beside_the_studies where measure = 'win_rate' and fiscal_year <> 'all' and denominator > 0",
    ),
    Question(
        "won_deals lost_deals lost_to_competitor_deals no_decision_deals won_amount closed_amount amount_win_rate "
        "won_deals_with_amount average_deal_value",
        by="opportunity__crm opportunity__lead_source",
        marts="select crm, lead_source, count(*) filter (is_won), count(*) filter (is_lost), "
        "count(*) filter (outcome_class = 'lost_competitor'), count(*) filter (outcome_class = 'no_decision'), "
        "sum(amount) filter (is_won), sum(amount) filter (is_won or is_lost), "
        "coalesce(sum(amount) filter (is_won), 0) / sum(amount) filter (is_won or is_lost), "
        "count(amount) filter (is_won), avg(amount) filter (is_won) "
        f"from marts.dim_opportunity where {COUNTED} group by all",
    ),
    Question(
        "cohort_won_deals cohort_closed_deals cohort_win_rate",
        by="metric_time__fiscal_quarter",
        marts="select fiscal_quarter, count(*) filter (is_won), count(*) filter (is_closed), "
        "count(*) filter (is_won) / nullif(count(*) filter (is_closed), 0) from marts.dim_opportunity "
        f"inner join marts.dim_date on created_date = date_day where {COUNTED} group by all",
    ),
    Question(
        "sales_cycle_days_mean sales_cycle_days_median sales_cycle_days_p80",
        by="opportunity__crm",
        marts="select crm, avg(days), median(days), quantile_cont(days, 0.8) from ("
        "select *, epoch_ms(closed_at - created_at) / 86400000 as days from marts.dim_opportunity) "
        f"where is_won and {COUNTED} group by all",
    ),
    Question(
        "pipeline_velocity",
        by="opportunity__crm",
        marts="select crm, count(*) filter (is_open) * (count(*) filter (is_won) / count(*) filter (is_closed)) "
        "* avg(amount) filter (is_won) / avg(epoch_ms(closed_at - created_at) / 86400000) filter (is_won) "
        f"from marts.dim_opportunity where {COUNTED} group by all",
    ),
    Question(
        "pushes pushed_days pushed_deals",
        by="opportunity__crm",
        marts="select crm, count(*), sum(days_delta), count(distinct opportunity_id) from marts.fct_opportunity_event "
        "where field_name = 'close_date' and days_delta >= 1 and change_source = 'history' and is_primary_record "
        "and opportunity_id in (select opportunity_id from marts.dim_opportunity where not is_deleted) group by all",
    ),
    Question(
        "often_pushed_closed_deals often_pushed_lost_deals pushed_then_lost_rate",
        marts="select count(*), count(*) filter (is_lost), count(*) filter (is_lost) / count(*) "
        f"from marts.dim_opportunity where is_closed and push_count >= 2 and {COUNTED}",
    ),
    Question(
        "open_pipeline_of_day open_deals_of_day weighted_pipeline_of_day",
        by="metric_time__day pipeline_balance_change__crm",
        where="{{ TimeDimension('metric_time', 'day') }} between '2026-01-01' and '2026-03-01'",
        marts="select snapshot_date, crm, sum(open_amount), sum(open_opportunity_count), sum(weighted_amount) "
        "from marts.fct_pipeline_daily_snapshot where is_primary_record "
        "and snapshot_date between date '2026-01-01' and date '2026-03-01' group by all",
    ),
    *[
        Question(
            f"pipeline_moved_of_{period}",
            by="metric_time__day",
            marts="select period_start_date, coalesce(sum(amount_delta) filter (category = 'end'), 0) "
            "- coalesce(sum(amount_delta) filter (category = 'start'), 0) from marts.fct_pipeline_change "
            f"where period_type = '{period}' and is_primary_record group by all",
        )
        for period in ("week", "month", "quarter")
    ],
    Question(
        "slipped_deals slipped_amount",
        by="metric_time__fiscal_quarter pipeline_movement__crm",
        marts="select period_name, crm, count(distinct opportunity_id), -sum(amount_delta) "
        "from marts.fct_pipeline_change where period_type = 'quarter' and category = 'pushed_out' "
        "and is_primary_record group by all",
    ),
    Question(
        "forecast_deals decided_forecast_deals won_forecast_deals forecast_deals_lost_to_competitor "
        "forecast_deals_without_decision slipped_forecast_deals forecast_win_rate forecast_competitive_loss_rate "
        "forecast_no_decision_rate forecast_slip_rate",
        by="metric_time__fiscal_quarter",
        marts="select fiscal_quarter, forecast_deal_count, decided_deal_count, won_count, lost_competitor_count, "
        "no_decision_count, slipped_count, won_rate, competitive_loss_rate, no_decision_rate, slip_rate "
        "from marts.rpt_forecast_outcome_rates "
        "where population = 'this warehouse' and crm = 'all' and fiscal_quarter <> 'all' "
        "and forecast_category = 'commit'",
    ),
    Question(
        "bookings",
        by="metric_time__fiscal_quarter",
        marts="select period_name, -sum(amount_delta) from marts.fct_pipeline_change "
        "where period_type = 'quarter' and category = 'won' and is_primary_record group by all",
    ),
    Question(
        "week_bookings commit_forecast best_case_forecast commit_accuracy commit_bias best_case_accuracy "
        "best_case_bias",
        by="metric_time__fiscal_quarter forecast_week__week_of_quarter",
        marts="select fiscal_quarter, week_of_quarter, booked_amount, commit_forecast_amount, "
        "best_case_forecast_amount, commit_accuracy, commit_bias, best_case_accuracy, best_case_bias "
        "from marts.agg_forecast_accuracy where scope_type = 'all' and is_quarter_complete",
    ),
    Question(
        "projected_bookings projected_bookings_low projected_bookings_high",
        by="metric_time__fiscal_quarter",
        marts="select fiscal_quarter, projected_amount, projected_low_amount, projected_high_amount "
        "from marts.fct_forecast_projection where scope_type = 'all' and is_latest",
    ),
    Question(
        "days_in_stage_mean days_in_stage_median days_in_stage_p80 visits_left",
        by="stage_visit__canonical_stage",
        marts="select fct_opportunity_stage_history.canonical_stage, avg(days_in_stage), median(days_in_stage), "
        f"quantile_cont(days_in_stage, 0.8), count(*) from {VISITS} and exited_at is not null group by all",
    ),
    Question(
        "open_days_in_stage_mean open_days_in_stage_median open_days_in_stage_p80",
        by="stage_visit__canonical_stage",
        marts="select fct_opportunity_stage_history.canonical_stage, avg(days_in_stage), median(days_in_stage), "
        f"quantile_cont(days_in_stage, 0.8) from {VISITS} and exited_at is null group by all",
    ),
    Question(
        "days_in_stage_per_deal_median",
        by="funnel_stage__canonical_stage",
        marts="select canonical_stage, median_days_in_stage from marts.rpt_funnel_stages where crm = 'all'",
    ),
    Question(
        "days_in_stage_per_deal_mean days_in_stage_per_deal_p80",
        by="funnel_stage__canonical_stage",
        marts="select canonical_stage, avg(days_in_stage), quantile_cont(days_in_stage, 0.8) from marts.fct_funnel "
        "where is_primary_record and reached_how = 'observed' and not is_current group by all",
    ),
    Question(
        "stage_reached_deals stage_passed_deals stage_visited_deals next_stage_visited_deals conversion_to_next "
        "observed_conversion_to_next",
        by="funnel_cohort",
        marts="select funnel_cohort_key, mature_reached_count, mature_reached_next_count, mature_observed_count, "
        "mature_observed_next_count, conversion_to_next, observed_conversion_to_next from marts.agg_funnel_cohort "
        "where next_stage is not null",
    ),
    Question(
        "leads converted_leads lead_conversion_rate",
        by="metric_time__fiscal_quarter lead__crm",
        marts="select created_fiscal_quarter, crm, count(*), count(*) filter (is_converted), "
        "avg(cast(is_converted as integer)) from marts.fct_lead_conversion where not is_deleted group by all",
    ),
    Question(
        "stagnant_deals stagnant_amount health_signals",
        marts="select count(distinct opportunity_id) filter (contains(signals, 'stalled')), "
        "sum(amount) filter (contains(signals, 'stalled')), sum(signal_count) from marts.rpt_deal_health",
    ),
    Question(
        "quota quota_attainment",
        by="rep_quarter",
        marts="select rep_quarter_key, quota_amount, attainment_rate from marts.fct_rep_scorecard_quarterly",
    ),
    Question(
        "won_against_quota open_against_quota coverage",
        by="rep_quarter",
        marts="select rep_quarter_key, won_amount, closing_open_amount, coverage "
        "from marts.fct_rep_scorecard_quarterly where quota_amount is not null",
    ),
    Question(
        "full_quota_achievers full_quota_carriers reps_at_quota_rate",
        by="metric_time__fiscal_year",
        marts="select fiscal_year, count(*) filter (attainment_rate >= 1), count(*), "
        "avg(cast(attainment_rate >= 1 as integer)) from marts.fct_rep_scorecard_quarterly "
        "inner join marts.dim_date on fct_rep_scorecard_quarterly.fiscal_quarter_start_date = date_day "
        "where is_quarter_complete and is_full_quarter and quota_amount is not null group by all",
    ),
    Question(
        "rep_activities rep_weeks weekly_activities",
        by="rep_quarter",
        marts="select rep_quarter_key, activity_count, present_weeks, weekly_activities "
        "from marts.agg_rep_quarter_activity where activity_type = 'all'",
    ),
    Question(
        "activity_norm activity_attainment_correlation",
        by="activity_norm__role_family activity_norm__activity_type",
        marts="select role_family, activity_type, norm_weekly_activities, rank_correlation "
        "from marts.agg_activity_norm",
    ),
    Question(
        "touched_deals first_touch_hours_mean first_touch_hours_median longest_gap_days_mean longest_gap_days_median",
        by="opportunity__crm",
        marts="select crm, count(first_touch_at), avg(first_touch_hours), median(first_touch_hours), "
        f"avg(max_gap_days), median(max_gap_days) from marts.fct_opportunity_activity where {COUNTED} group by all",
    ),
    Question(
        "effective_deals largest_deal_share",
        by="rep_week",
        marts="select rep_week_key, effective_opportunity_count, largest_opportunity_share "
        "from marts.rpt_pipeline_capacity",
    ),
    Question(
        "productive_month_median first_win_days_median",
        by="rep_month__role_family",
        marts="select role_family, median(productive_month), median(first_win_day) from ("
        "select distinct role_family, user_key, productive_month, first_win_day from marts.fct_rep_ramp "
        "where tenure_month = 1) group by all",
    ),
    Question(
        "ramp_share",
        by="rep_month__tenure_month",
        marts="select tenure_month, avg(share_of_tenured_median) from marts.fct_rep_ramp "
        "where is_complete_month group by all",
    ),
    Question(
        "deals_needed prospects_needed leads_needed",
        by="metric_time__fiscal_quarter prospects_needed_row",
        marts="select fiscal_quarter, prospects_needed_key, deals_needed, prospects_needed, leads_needed "
        "from marts.rpt_prospects_needed where scope = 'user'",
    ),
    Question(
        "key_account_bookings key_account_growth key_account_contacts_engaged",
        by="key_account_quarter",
        marts="select key_account_quarter_key, bookings_amount, growth_rate, contacts_engaged "
        "from marts.fct_key_account_quarterly",
    ),
    Question(
        "key_account_four_quarter_bookings key_account_previous_four_quarter_bookings",
        by="metric_time__fiscal_quarter",
        marts="select fiscal_quarter, sum(four_quarter_bookings_amount), sum(previous_four_quarter_bookings_amount) "
        "from marts.fct_key_account_quarterly where previous_four_quarter_bookings_amount is not null group by all",
    ),
    Question(
        "list_amount discount_amount discount_rate lines_with_list_price discounted_lines discounted_line_share "
        "unapproved_discounted_lines unapproved_discount_share late_discounted_lines late_discount_share",
        by="line__product_code",
        marts="select product_code, sum(list_amount), sum(list_amount) - sum(net_amount), "
        "1 - sum(net_amount) / sum(list_amount), count(is_discounted), count(*) filter (is_discounted), "
        "avg(cast(is_discounted as integer)), "
        "sum(cast(is_unapproved as integer)) filter (is_discounted), "
        "avg(cast(is_unapproved as integer)) filter (is_discounted), "
        "count(*) filter (is_discounted and days_to_quarter_end < 10), "
        "avg(cast(days_to_quarter_end < 10 as integer)) filter (is_discounted) "
        "from marts.fct_discount where is_primary_record and list_amount is not null group by all",
    ),
]


@pytest.fixture(scope="module")
def metrics(built: Built, dbt_artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    """MetricFlow on the built warehouse, for all questions of this file."""
    asked = Metrics(built.warehouse, dbt_artifacts / SEMANTIC_MANIFEST, tmp_path_factory.mktemp("metricflow"))
    yield asked
    asked.close()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.metrics.split()[0]} {question.by}")
def test_a_metric_is_what_its_mart_says(metrics: Metrics, question: Question) -> None:
    names, groups = question.metrics.split(), question.by.split()

    asked = metrics.ask(names, groups, [question.where] if question.where else [])

    expected = _values(metrics.rows(question.marts), names)
    assert expected
    assert _differences(_values(asked, names), expected) == {}


def test_no_metric_is_left_unasked(dbt_artifacts: Path) -> None:
    manifest = json.loads((dbt_artifacts / SEMANTIC_MANIFEST).read_text())
    asked = {name for question in QUESTIONS for name in question.metrics.split()}

    assert asked == {metric["name"] for metric in manifest["metrics"]}


@pytest.mark.parametrize(
    ("group", "column"), [("person__role_family", "role_family"), ("person__full_name", "full_name")]
)
def test_people_are_who_they_were_at_the_closing(metrics: Metrics, group: str, column: str) -> None:
    asked = metrics.ask(["won_deals", "closed_deals"], [group])

    expected = metrics.rows(
        f"select {column}, count(*) filter (is_won), count(*) from marts.dim_opportunity left join marts.dim_user "
        "on owner_key = user_key and closed_date >= valid_from and closed_date < coalesce(valid_to, date '9999-12-31') "
        "where is_closed and dim_opportunity.is_primary_record and not is_deleted group by all"
    )
    names = ["won_deals", "closed_deals"]
    assert _differences(_values(asked, names), _values(expected, names)) == {}


def _values(rows: list[Row], names: list[str]) -> dict[str, float | None]:
    """Values by group and name; groups in which nothing happened are left out, as each side may list others of them."""
    groups = [
        (" | ".join(map(_label, row[: -len(names)])), row[-len(names) :])
        for row in rows
        if any(abs(value or 0) > TOLERANCE for value in row[-len(names) :])
    ]
    assert len(dict(groups)) == len(groups), "a group is there twice"
    return {f"{group}: {name}": value for group, values in groups for name, value in zip(names, values, strict=True)}


def _differences(one: dict[str, float | None], other: dict[str, float | None]) -> dict[str, tuple[object, object]]:
    return {
        name: (one.get(name, "no group"), other.get(name, "no group"))
        for name in sorted(one.keys() | other.keys())
        if not _is_same(one.get(name, math.inf), other.get(name, -math.inf))
    }


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _label(group: object) -> str:
    # a day with or without its midnight
    return str(group).removesuffix(" 00:00:00")
