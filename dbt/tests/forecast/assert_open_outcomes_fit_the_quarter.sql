-- Open deals are still_open while their quarter runs and have slipped, or were pulled out, once it is over; an
-- outcome that has come about lies after the snapshot, within the quarter, and not after as_of.

with

fct_forecast_outcome as (

    select * from {{ ref('fct_forecast_outcome') }}

),

misfits as (

    select
        opportunity_id,
        fiscal_quarter,
        week_of_quarter,
        outcome,
        outcome_at
    from fct_forecast_outcome
    where
        (outcome = 'still_open' and is_quarter_complete)
        or (outcome in ('slipped', 'pulled_out') and not is_quarter_complete)
        or (outcome = 'still_open') <> (outcome_at is null)
        or outcome_at > {{ as_of() }}
        or outcome_at > {{ reporting_midnight(dbt.dateadd('day', 1, 'fiscal_quarter_end_date')) }}
        or days_to_outcome < 0

)

select * from misfits
