-- What the deals of the digest add to the open pipeline is the difference between the open pipeline at as_of and the
-- one at the instant that it looks back to, to the cent: no deal that moved money is left out.

with

rpt_pipeline_digest as (

    select * from {{ ref('rpt_pipeline_digest') }}

),

int_opportunities_since as (

    select distinct
        since_kind,
        since_at
    from {{ ref('int_opportunities_since') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_open

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

rows_of_both as (

    select
        since_kind,
        is_primary_record,
        open_amount_delta
    from rpt_pipeline_digest
    union all
    select
        int_opportunities_since.since_kind,
        dim_opportunity.is_primary_record,
        case
            when fct_opportunity_version.valid_from > int_opportunities_since.since_at then 0
            when fct_opportunity_version.valid_to <= int_opportunities_since.since_at then 0
            when dim_opportunity.primary_since > int_opportunities_since.since_at then 0
            else coalesce(fct_opportunity_version.amount, 0)
        end - case when fct_opportunity_version.is_current then coalesce(fct_opportunity_version.amount, 0) else 0 end
            as open_amount_delta
    from int_opportunities_since
    cross join fct_opportunity_version
    inner join dim_opportunity
        on fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id

)

select
    since_kind,
    is_primary_record,
    sum(open_amount_delta) as unexplained_amount
from rows_of_both
group by
    since_kind,
    is_primary_record
having sum(open_amount_delta) <> 0
