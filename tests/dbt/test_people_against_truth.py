"""What the scorecards say of people, held against what the world knows about itself."""

from __future__ import annotations

from tests.dbt.conftest import Built

# won in a quarter, re-opened in a later one: the quarter keeps its bookings, the world knows the end only
REOPENED_LATER = """
    select opportunity_id from marts.fct_forecast_quarter inner join marts.dim_opportunity using (opportunity_id)
    where outcome = 'won' and dim_opportunity.outcome_class <> 'won'
"""


def test_everyone_booked_what_the_world_let_them_win(built: Built) -> None:
    booked = """
        select user_key, fiscal_quarter, won_count, won_amount
        from marts.fct_rep_scorecard_quarterly where won_count > 0 order by all
    """
    won_in_the_world = f"""
        select user_key, 'FY' || year(won.closed_at) || '-Q' || quarter(won.closed_at), count(*),
            sum(coalesce(won.amount, 0))
        from (
            select crm || ':' || id as opportunity_id, crm || ':' || owner_id as user_id, closed_at, amount
            from world.truth.opportunities where outcome_class = 'won' and not is_deleted
            union all
            select opportunity_id, outcome_owner_id, outcome_at, outcome_amount
            from marts.fct_forecast_quarter where outcome = 'won' and opportunity_id in ({REOPENED_LATER})
        ) as won
        inner join intermediate.int_users_conformed using (user_id)
        inner join marts.dim_opportunity using (opportunity_id)
        where is_primary_record
        group by all order by all
    """

    rows = built.rows(booked)

    assert len(rows) > 20
    assert rows == built.rows(won_in_the_world)


def test_the_world_s_people_have_the_quotas_that_were_made_for_them(built: Built) -> None:
    statuses = built.rows("select distinct coverage_status from marts.fct_quota")
    origins = built.rows("select distinct origin from marts.fct_quota where quota_amount is not null")

    assert statuses == [("given",)]
    assert origins == [("sandbox",)]
