{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'stay_fingerprint']) }}

with

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        not is_deleted
        {{ touched_only(keyword='and') }}

),

int_stage_stays as (

    select * from {{ ref('int_stage_stays') }}
    {{ touched_only() }}

),

int_stages_conformed as (

    select * from {{ ref('int_stages_conformed') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

stages_of_pipelines as (

    select distinct
        crm,
        pipeline_id,
        canonical_stage
    from int_stages_conformed
    where
        is_in_metadata
        and is_active
        and canonical_stage between 1 and 7

),

stages_of_opportunities as (

    select
        dim_opportunity.opportunity_id,
        stages_of_pipelines.canonical_stage
    from dim_opportunity
    inner join stages_of_pipelines
        on
            dim_opportunity.crm = stages_of_pipelines.crm
            and dim_opportunity.pipeline_id = stages_of_pipelines.pipeline_id
    union
    select
        opportunity_id,
        canonical_stage
    from int_stage_stays
    where canonical_stage between 1 and 7

),

furthest_stages as (

    select
        opportunity_id,
        max(furthest_stage) as furthest_stage
    from int_stage_stays
    group by opportunity_id

),

funnel as (

    select
        {{ surrogate_key(['stages_of_opportunities.opportunity_id', 'stages_of_opportunities.canonical_stage']) }}
            as funnel_key,
        stages_of_opportunities.opportunity_id,
        dim_opportunity.opportunity_key,
        dim_opportunity.crm,
        dim_opportunity.pipeline_id,
        stages_of_opportunities.canonical_stage,
        stages_of_pipelines.canonical_stage is not null as is_in_pipeline,
        coalesce(furthest_stages.furthest_stage >= stages_of_opportunities.canonical_stage, false) as is_reached,
        case
            when int_stage_stays.opportunity_id is not null then 'observed'
            when furthest_stages.furthest_stage > stages_of_opportunities.canonical_stage then 'implied'
        end as reached_how,
        int_stage_stays.entered_at,
        {{ reporting_day('int_stage_stays.entered_at') }} as entered_date,
        {{ decimal_days('int_stage_stays.entered_at', 'int_stage_stays.next_entered_at') }} as days_to_next,
        int_stage_stays.days_in_stage,
        coalesce(int_stage_stays.is_current, false) as is_current,
        dim_opportunity.is_open
        and stages_of_opportunities.canonical_stage < 7
        and int_stage_stays.opportunity_id is not null
        and int_stage_stays.next_entered_at is null as is_censored,
        int_stage_stays.owner_id,
        int_stage_stays.owner_key,
        dim_date.fiscal_quarter as created_fiscal_quarter,
        dim_date.fiscal_quarter_start_date as created_fiscal_quarter_start_date,
        dim_opportunity.is_open,
        dim_opportunity.outcome_class,
        dim_opportunity.amount,
        dim_opportunity.amount_original,
        dim_opportunity.currency_code,
        dim_opportunity.fx_rate,
        dim_opportunity.is_primary_record,
        dim_opportunity.is_stage_trusted,
        dim_opportunity.untrusted_finding_keys
    from stages_of_opportunities
    inner join dim_opportunity
        on stages_of_opportunities.opportunity_id = dim_opportunity.opportunity_id
    left join stages_of_pipelines
        on
            dim_opportunity.crm = stages_of_pipelines.crm
            and dim_opportunity.pipeline_id = stages_of_pipelines.pipeline_id
            and stages_of_opportunities.canonical_stage = stages_of_pipelines.canonical_stage
    left join int_stage_stays
        on
            stages_of_opportunities.opportunity_id = int_stage_stays.opportunity_id
            and stages_of_opportunities.canonical_stage = int_stage_stays.canonical_stage
    left join furthest_stages
        on stages_of_opportunities.opportunity_id = furthest_stages.opportunity_id
    left join dim_date
        on {{ reporting_day('dim_opportunity.created_at') }} = dim_date.date_day

)

select * from funnel
