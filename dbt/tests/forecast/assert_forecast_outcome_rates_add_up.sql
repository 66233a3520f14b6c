-- Of this warehouse, every forecast deal is in one of the counts, the three rates sum to 1 but for their rounding,
-- and the quarters sum to the row of all quarters, of commit and of best case. Deals of both together are those that
-- fct_forecast_quarter knows a snapshot of.

with

rpt_forecast_outcome_rates as (

    select * from {{ ref('rpt_forecast_outcome_rates') }}
    where population = 'this warehouse'

),

broken_rows as (

    select
        crm,
        fiscal_quarter
    from rpt_forecast_outcome_rates
    where
        won_count + lost_competitor_count + no_decision_count <> decided_deal_count
        or decided_deal_count + lost_other_count + lost_unknown_count + slipped_count + pulled_out_count
        + deleted_count <> forecast_deal_count
        or (decided_deal_count = 0) <> (won_rate is null)
        or abs(won_rate + competitive_loss_rate + no_decision_rate - 1) > 0.000002

),

broken_totals as (

    select
        crm,
        'all' as fiscal_quarter
    from rpt_forecast_outcome_rates
    group by
        crm,
        forecast_category
    having
        sum(case when fiscal_quarter = 'all' then forecast_deal_count else -forecast_deal_count end) <> 0
        or sum(case when fiscal_quarter = 'all' then won_count else -won_count end) <> 0

),

rows_of_both as (

    select
        fiscal_quarter,
        forecast_deal_count as deal_difference
    from rpt_forecast_outcome_rates
    where
        crm = 'all'
        and fiscal_quarter <> 'all'
    union all
    select
        fiscal_quarter,
        -1 as deal_difference
    from {{ ref('fct_forecast_quarter') }}
    where
        first_forecast_at is not null
        and is_quarter_complete
        and was_primary_record

),

broken_populations as (

    select
        'all' as crm,
        fiscal_quarter
    from rows_of_both
    group by fiscal_quarter
    having sum(deal_difference) <> 0

),

differences as (

    select * from broken_rows
    union all
    select * from broken_totals
    union all
    select * from broken_populations

)

select * from differences
