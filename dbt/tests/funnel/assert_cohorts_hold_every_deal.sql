-- Per pipeline, the cohorts of each of its stages are all living deals, each once; and no cohort widens from a
-- stage to the next one.

with

agg_funnel_cohort as (

    select * from {{ ref('agg_funnel_cohort') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        not is_deleted
        and is_primary_record

),

deals as (

    select
        crm,
        pipeline_id,
        count(*) as deal_count
    from dim_opportunity
    group by
        crm,
        pipeline_id

),

cohorts as (

    select
        crm,
        pipeline_id,
        canonical_stage,
        sum(cohort_count) as deal_count
    from agg_funnel_cohort
    group by
        crm,
        pipeline_id,
        canonical_stage

),

steps as (

    select
        *,
        lead(reached_count) over (
            partition by created_fiscal_quarter, crm, pipeline_id, team_key
            order by canonical_stage
        ) as next_reached_count
    from agg_funnel_cohort

),

offenders as (

    select
        cohorts.crm,
        cohorts.pipeline_id,
        cohorts.canonical_stage
    from cohorts
    left join deals
        on
            cohorts.crm = deals.crm
            and cohorts.pipeline_id = deals.pipeline_id
    where cohorts.deal_count is distinct from deals.deal_count
    union all
    select
        crm,
        pipeline_id,
        canonical_stage
    from steps
    where
        next_reached_count > reached_count
        or reached_count > cohort_count
        or mature_reached_count > mature_count

)

select * from offenders
