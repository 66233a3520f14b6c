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
