with

int_activity_opportunities as (

    select * from {{ ref('int_activity_opportunities') }}

),

fct_activity as (

    select * from {{ ref('fct_activity') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

pairs as (

    select
        {{ surrogate_key(['int_activity_opportunities.activity_id', 'int_activity_opportunities.opportunity_id']) }}
            as activity_opportunity_key,
        int_activity_opportunities.activity_id,
        fct_activity.activity_key,
        int_activity_opportunities.opportunity_id,
        dim_opportunity.opportunity_key,
        int_activity_opportunities.is_first
    from int_activity_opportunities
    inner join fct_activity
        on int_activity_opportunities.activity_id = fct_activity.activity_id
    inner join dim_opportunity
        on int_activity_opportunities.opportunity_id = dim_opportunity.opportunity_id

)

select * from pairs
