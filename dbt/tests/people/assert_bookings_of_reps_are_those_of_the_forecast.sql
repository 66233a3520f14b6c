-- What people won in a quarter is, person by person and to the cent, what fct_forecast_quarter says was won.

with

agg_rep_quarter_results as (

    select * from {{ ref('agg_rep_quarter_results') }}

),

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}
    where
        outcome = 'won'
        and was_primary_record
        and outcome_owner_key is not null

),

totals_of_both as (

    select
        user_key,
        fiscal_quarter,
        won_count as won_delta,
        won_amount as amount_delta
    from agg_rep_quarter_results
    union all
    select
        outcome_owner_key as user_key,
        fiscal_quarter,
        -1 as won_delta,
        -coalesce(outcome_amount, 0) as amount_delta
    from fct_forecast_quarter

)

select
    user_key,
    fiscal_quarter,
    sum(won_delta) as won_difference,
    sum(amount_delta) as amount_difference
from totals_of_both
group by
    user_key,
    fiscal_quarter
having
    sum(won_delta) <> 0
    or sum(amount_delta) <> 0
