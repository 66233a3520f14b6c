-- No snapshot without its one outcome, no outcome without a snapshot but not_forecast, and that only where the
-- quarter has no snapshot of the deal.

with

fct_forecast_snapshot as (

    select * from {{ ref('fct_forecast_snapshot') }}

),

fct_forecast_outcome as (

    select * from {{ ref('fct_forecast_outcome') }}

),

rows_of_both as (

    select
        opportunity_id,
        fiscal_quarter,
        week_of_quarter,
        1 as snapshot_row_count,
        0 as outcome_row_count,
        0 as not_forecast_row_count
    from fct_forecast_snapshot
    union all
    select
        opportunity_id,
        fiscal_quarter,
        week_of_quarter,
        0 as snapshot_row_count,
        case when outcome <> 'not_forecast' then 1 else 0 end as outcome_row_count,
        case when outcome = 'not_forecast' then 1 else 0 end as not_forecast_row_count
    from fct_forecast_outcome

),

broken_snapshots as (

    select
        opportunity_id,
        fiscal_quarter,
        'snapshots and outcomes differ' as what_is_wrong
    from rows_of_both
    group by
        opportunity_id,
        fiscal_quarter,
        week_of_quarter
    having sum(snapshot_row_count) <> sum(outcome_row_count)

),

broken_quarters as (

    select
        opportunity_id,
        fiscal_quarter,
        'not_forecast beside a snapshot, or twice' as what_is_wrong
    from rows_of_both
    group by
        opportunity_id,
        fiscal_quarter
    having sum(not_forecast_row_count) > case when sum(snapshot_row_count) = 0 then 1 else 0 end

),

differences as (

    select * from broken_snapshots
    union all
    select * from broken_quarters

)

select * from differences
