"""A deal that both CRMs hold: every mart that counts deals says the same with the second record as without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt.conftest import Built
from tests.support.warehouse import run_dbt

pytestmark = pytest.mark.long  # builds the whole warehouse more than once

# with the rows that count: those of one CRM show that CRM's own records, and a quarter without deals has none to count
COUNTING_MARTS = {
    "agg_forecast_accuracy": "true",
    "agg_funnel_cohort": "true",
    "agg_rep_month_bookings": "won_count > 0",
    "agg_rep_quarter_results": "won_count > 0",
    "agg_rep_week_load": "true",
    "agg_win_rate_by_load": "true",
    "fct_forecast_projection": "true",
    "rpt_forecast_outcome_rates": "crm is distinct from 'hubspot'",
    "rpt_funnel_stages": "crm <> 'hubspot'",
    "rpt_pipeline_capacity": "true",
}
KEY_ACCOUNT_BOOKINGS = (
    "select account_id, fiscal_quarter, won_count, bookings_amount, open_opportunity_count, open_amount "
    "from marts.fct_key_account_quarterly order by all"
)
OPEN_DEALS = "select opportunity_id, amount, close_date from marts.rpt_deal_health order by all"
DAILY_BALANCE = (
    "select snapshot_date, sum(open_opportunity_count), sum(open_amount) from marts.fct_pipeline_daily_snapshot "
    "where is_primary_record group by all order by all"
)

# what had ended, or happened, when the records went
BEFORE = "(select max(as_of) - interval 1 day from marts.dim_opportunity)"
PIPELINE_BEFORE = f"""
    select period_type, period_start_date, category, count(*), sum(amount_delta)
    from marts.fct_pipeline_change where is_primary_record and period_end_date < {BEFORE} group by all order by all"""
EVENTS_BEFORE = f"""
    select opportunity_event_key
    from marts.fct_opportunity_event where is_primary_record and changed_at < {BEFORE} order by all"""
MOVES_BEFORE = f"""
    select user_key, fiscal_quarter, stage_move_count, touched_opportunity_count
    from marts.agg_rep_quarter_conduct inner join marts.dim_rep_quarter using (rep_quarter_key, user_key, fiscal_quarter)
    where fiscal_quarter_end_date < {BEFORE} order by all"""
# of each deal, one record counts in the waterfall's end
COUNTED_RECORDS = """
    select max(counted) = 1 from (
        select count(*) as counted
        from marts.fct_pipeline_change as changes
        inner join marts.dim_opportunity as deals using (opportunity_id)
        where changes.is_primary_record and changes.category = 'end'
        group by
            least(opportunity_id, coalesce(deals.crosswalk_opportunity_id, opportunity_id)),
            period_type, period_start_date
    )"""
BUILD_WITH_DATA_TESTS = ("build", "--exclude-resource-type", "unit_test")


def test_the_second_record_of_a_deal_changes_no_count(built: Built, tmp_path: Path) -> None:
    alone = built.copy_to(tmp_path)
    second = "select id from raw_hubspot.deals where salesforce_opportunity_id in (select Id from both_hold)"
    alone.execute(
        "create temp table both_hold as select Id from raw_salesforce.opportunity where not _is_deleted",
        f"delete from raw_hubspot.deal_property_history where deal_id in ({second})",
        f"delete from raw_hubspot.deals where id in ({second})",
    )
    assert built.rows("select count(*) > 5 from marts.map_opportunity_crosswalk where is_living_in_both") == [(True,)]

    run_dbt(alone.warehouse, alone.as_of, target=alone.target, select="*")

    assert alone.rows("select count(*) from marts.map_opportunity_crosswalk where is_living_in_both") == [(0,)]
    rows = {mart: f"from marts.{mart} where {condition} order by all" for mart, condition in COUNTING_MARTS.items()}
    differing = [mart for mart, query in rows.items() if built.rows(query) != alone.rows(query)]
    assert differing == []
    for totals in (OPEN_DEALS, DAILY_BALANCE, KEY_ACCOUNT_BOOKINGS):
        assert built.rows(totals) == alone.rows(totals)


def test_a_deal_whose_primary_record_is_deleted_is_counted_once_before_and_after(built: Built, tmp_path: Path) -> None:
    bereft = built.copy_to(tmp_path)
    # Salesforce's record goes in the night, an hour before as_of
    bereft.execute(
        f"""update raw_salesforce.opportunity
        set _is_deleted = true, _deleted_at = timestamp '{built.as_of:%Y-%m-%d %H:%M:%S}' - interval 1 hour
        where Id in (select salesforce_opportunity_id from raw_hubspot.deals where not _is_deleted)"""
    )

    # the identities are proved for the records that count, too
    run_dbt(bereft.warehouse, bereft.as_of, target=bereft.target, select="*", command=BUILD_WITH_DATA_TESTS)

    ((survivors,),) = bereft.rows("select count(*) from marts.dim_opportunity where primary_since is not null")
    assert survivors > 5
    for what_was in (PIPELINE_BEFORE, EVENTS_BEFORE, MOVES_BEFORE):
        assert bereft.rows(what_was) == built.rows(what_was) != []
    assert bereft.rows(COUNTED_RECORDS) == [(True,)]
