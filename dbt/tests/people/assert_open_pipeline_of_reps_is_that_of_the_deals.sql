-- In the running quarter, what people have open is, person by person and to the cent, what dim_opportunity has open.

with

fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}
    where not is_quarter_complete

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and is_primary_record
        and owner_key is not null

),

totals_of_both as (

    select
        user_key,
        open_opportunity_count as open_delta,
        open_amount as amount_delta
    from fct_rep_scorecard_quarterly
    union all
    select
        owner_key as user_key,
        -1 as open_delta,
        -coalesce(amount, 0) as amount_delta
    from dim_opportunity

)

select
    user_key,
    sum(open_delta) as open_difference,
    sum(amount_delta) as amount_difference
from totals_of_both
group by user_key
having
    sum(open_delta) <> 0
    or sum(amount_delta) <> 0
