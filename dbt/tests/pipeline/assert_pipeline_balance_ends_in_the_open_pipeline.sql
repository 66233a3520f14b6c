-- The balance that holds at as_of is the open pipeline of dim_opportunity, to the cent, by owner and by whether the
-- record is the primary one.

with

balances as (

    select
        owner_id,
        is_primary_record,
        open_opportunity_count as opportunity_delta,
        open_amount as amount_delta
    from {{ ref('fct_pipeline_balance_change') }}
    where valid_to_date is null

),

open_opportunities as (

    select
        owner_id,
        is_primary_record,
        -1 as opportunity_delta,
        -coalesce(amount, 0) as amount_delta
    from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and stage_key is not null

),

rows_of_both as (

    select * from balances
    union all
    select * from open_opportunities

)

select
    owner_id,
    is_primary_record
from rows_of_both
group by
    owner_id,
    is_primary_record
having
    sum(opportunity_delta) <> 0
    or sum(amount_delta) <> 0
