-- The open amounts of the stages add up to the open pipeline, to the cent, and so do their deals.

with

dim_stage as (

    select
        sum(open_amount) as open_amount,
        sum(open_opportunity_count) as open_opportunity_count
    from {{ ref('dim_stage') }}
    where is_current

),

dim_opportunity as (

    select
        coalesce(sum(amount), 0) as open_amount,
        count(*) as open_opportunity_count
    from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and stage_key is not null

)

select
    dim_stage.open_amount as open_amount_of_stages,
    dim_opportunity.open_amount
from dim_stage
cross join dim_opportunity
where
    coalesce(dim_stage.open_amount, 0) <> dim_opportunity.open_amount
    or coalesce(dim_stage.open_opportunity_count, 0) <> dim_opportunity.open_opportunity_count
