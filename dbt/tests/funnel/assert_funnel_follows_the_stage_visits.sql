-- A stage is observed exactly where a living deal visited it, and no stage of the road lies unreached before a
-- reached one; of a deal that is won no stage is unreached.

with

fct_funnel as (

    select * from {{ ref('fct_funnel') }}

),

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

visited as (

    select distinct
        int_stage_visits.opportunity_id,
        int_stage_visits.canonical_stage
    from int_stage_visits
    inner join dim_opportunity
        on int_stage_visits.opportunity_id = dim_opportunity.opportunity_id
    where
        int_stage_visits.canonical_stage between 1 and 7
        and not dim_opportunity.is_deleted

),

observed as (

    select
        opportunity_id,
        canonical_stage
    from fct_funnel
    where reached_how = 'observed'

),

observed_otherwise as (

    select
        coalesce(visited.opportunity_id, observed.opportunity_id) as opportunity_id,
        coalesce(visited.canonical_stage, observed.canonical_stage) as canonical_stage
    from visited
    full outer join observed
        on
            visited.opportunity_id = observed.opportunity_id
            and visited.canonical_stage = observed.canonical_stage
    where
        visited.opportunity_id is null
        or observed.opportunity_id is null

),

unreached_before_reached as (

    select
        opportunity_id,
        min(case when not is_reached then canonical_stage end) as canonical_stage
    from fct_funnel
    group by opportunity_id
    having
        min(case when not is_reached then canonical_stage end)
        < max(case when is_reached or outcome_class = 'won' then canonical_stage end)

),

differences as (

    select * from observed_otherwise
    union all
    select * from unreached_before_reached

)

select * from differences
