-- The state that the history ends in is the state of the dimension, and the open pipeline is the same sum from both.

with

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        not is_deleted
        and stage_key is not null

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_current

)

select
    dim_opportunity.opportunity_id,
    fct_opportunity_version.opportunity_id as opportunity_id_of_version
from dim_opportunity
full outer join fct_opportunity_version
    on dim_opportunity.opportunity_id = fct_opportunity_version.opportunity_id
where
    dim_opportunity.opportunity_id is null
    or fct_opportunity_version.opportunity_id is null
    or dim_opportunity.stage_key is distinct from fct_opportunity_version.stage_key
    or dim_opportunity.amount is distinct from fct_opportunity_version.amount
    or dim_opportunity.close_date is distinct from fct_opportunity_version.close_date
    or dim_opportunity.owner_id is distinct from fct_opportunity_version.owner_id
    or dim_opportunity.forecast_category is distinct from fct_opportunity_version.forecast_category
    or dim_opportunity.win_probability is distinct from fct_opportunity_version.win_probability
    or dim_opportunity.is_open is distinct from fct_opportunity_version.is_open
