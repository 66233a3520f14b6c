"""The identities of the pipeline marts: they find a lost cent, nothing switches them off, and they hold on any day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.dbt.conftest import Built
from tests.support.warehouse import run_dbt

DBT = Path(__file__).resolve().parents[2] / "dbt"
IDENTITIES = sorted(path.stem for path in (DBT / "tests" / "pipeline").glob("assert_*.sql"))
# the models that depend on the day, and the tests of the pipeline alone
BUILD = ("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
NOT_THE_PIPELINE = (
    "path:models/staging",
    "resource_type:seed",
    "resource_type:test,path:models/intermediate",
    "resource_type:test,path:models/marts/core",
    "resource_type:test,path:tests/core",
)


def test_the_snapshot_of_every_day_is_the_as_of_query(built: Built) -> None:
    # the data test of the same identity takes some days of each quarter, as a night of a large warehouse can afford
    slices = "crm, pipeline_id, owner_id, stage_key, forecast_category, is_primary_record"
    snapshot = f"""
        select snapshot_date, {slices}, sum(open_opportunity_count) as deals, sum(open_amount) as amount,
            sum(weighted_amount) as weighted
        from marts.fct_pipeline_daily_snapshot group by all having sum(open_opportunity_count) > 0"""
    as_of_query = f"""
        select days.snapshot_date, {slices}, count(*) as deals, sum(coalesce(amount, 0)) as amount,
            sum(coalesce(weighted_amount, 0)) as weighted
        from (
            select date_day as snapshot_date, cast(date_day + 1 as timestamp) as ends_at from marts.dim_date
            where date_day <= (select cast(max(as_of) as date) from marts.dim_opportunity)
        ) as days
        inner join marts.fct_opportunity_version as versions
            on days.ends_at > valid_from and days.ends_at <= coalesce(valid_to, timestamp '9999-12-31')
        inner join (
            select opportunity_id, is_primary_record as is_primary_now,
                coalesce(primary_since, timestamp '0001-01-01') as primary_since
            from marts.dim_opportunity
        ) as deals using (opportunity_id)
        cross join lateral (select is_primary_now and primary_since < days.ends_at as is_primary_record) as counted
        where versions.is_open group by all"""

    assert built.rows(f"({snapshot}) except all ({as_of_query})") == []
    assert built.rows(f"({as_of_query}) except all ({snapshot})") == []
    assert built.rows(f"select count(distinct snapshot_date) > 700, max(deals) > 3 from ({as_of_query})") == [(True, True)]


def test_a_cent_or_a_deal_that_is_lost_fails_every_identity(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    played.execute(
        "update marts.fct_pipeline_change set amount_delta = amount_delta - 0.01 where category = 'won'",
        "update marts.fct_pipeline_balance_change set open_amount = open_amount + 0.01",
        """delete from marts.rpt_pipeline_digest
        where opportunity_id = (
            select arg_max(opportunity_id, abs(open_amount_delta)) from marts.rpt_pipeline_digest
        )""",
        """delete from marts.fct_opportunity_event
        where opportunity_event_key = (select min(opportunity_event_key) from marts.fct_opportunity_event
            where field_name = 'amount' and direction in ('up', 'down'))""",
    )

    with pytest.raises(AssertionError) as failure:
        run_dbt(played.warehouse, played.as_of, target=played.target, select="path:tests/pipeline", command=("test",))

    assert len(IDENTITIES) == 6
    assert [name for name in IDENTITIES if f"Failure in test {name}" not in str(failure.value)] == []


@pytest.mark.long  # builds the whole warehouse again
def test_the_identities_hold_on_a_past_day_in_another_time_zone_and_calendar(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)

    run_dbt(
        played.warehouse,
        played.as_of - timedelta(days=127, hours=11),
        target=played.target,
        select="+path:models/marts/pipeline",
        command=(*BUILD, "--exclude", *NOT_THE_PIPELINE),
        variables=", reporting_time_zone: America/New_York, fiscal_calendar: 4-4-5, fiscal_year_start_month: 2",
    )

    assert played.rows(
        """select count(*) > 0, max(changed_at) <= timestamp '2025-11-09 15:00:00',
            (select count(*) from marts.fct_pipeline_change
            where period_type = 'month' and extract(dayofweek from period_start_date) <> 1)
        from marts.fct_opportunity_event"""
    ) == [(True, True, 0)]
