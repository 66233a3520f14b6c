with

int_stage_definitions as (

    select * from {{ ref('int_stage_definitions') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

entries_by_stage as (

    select
        stage_key,
        crm,
        pipeline_id,
        source_stage_id,
        min(entered_at) as first_entered_at,
        max(entered_at) as last_entered_at
    from int_stage_visits
    group by
        stage_key,
        crm,
        pipeline_id,
        source_stage_id

),

opportunities_by_stage as (

    select
        stage_key,
        cast(count(*) as integer) as opportunity_count,
        cast(sum(case when not is_closed then 1 else 0 end) as integer) as open_opportunity_count,
        sum(case when not is_closed then amount end) as open_amount
    from int_opportunities_conformed
    where not is_deleted
    group by stage_key

),

stages as (

    select
        stage_key,
        crm,
        pipeline_id,
        source_stage_id
    from int_stage_definitions
    union
    select
        stage_key,
        crm,
        pipeline_id,
        source_stage_id
    from entries_by_stage

),

pipelines as (

    select
        crm,
        pipeline_id,
        min(pipeline_label) as pipeline_label
    from int_stage_definitions
    group by
        crm,
        pipeline_id

),

conformed_stages as (

    select
        stages.stage_key,
        stages.crm,
        stages.pipeline_id,
        pipelines.pipeline_label,
        stages.source_stage_id,
        coalesce(int_stage_definitions.source_label, stages.source_stage_id) as source_label,
        int_stage_definitions.stage_order,
        int_stage_definitions.default_probability,
        int_stage_definitions.forecast_category,
        int_stage_definitions.is_closed,
        int_stage_definitions.is_won,
        int_stage_definitions.is_lost,
        coalesce(int_stage_definitions.is_active, false) as is_active,
        int_stage_definitions.stage_key is not null as is_in_metadata,
        int_stage_definitions.deactivated_at,
        int_stage_meanings.canonical_stage,
        int_stage_meanings.canonical_stage_name,
        coalesce(int_stage_meanings.means_closed, int_stage_definitions.is_closed, false) as means_closed,
        coalesce(int_stage_meanings.means_won, int_stage_definitions.is_won, false) as means_won,
        int_stage_meanings.mapped_forecast_category,
        int_stage_meanings.exit_criteria,
        int_stage_meanings.sla_days,
        int_stage_meanings.map_owner,
        case
            when int_stage_meanings.canonical_stage is null then 'unmapped'
            else 'mapped'
        end as mapping_status,
        coalesce(opportunities_by_stage.open_opportunity_count, 0) as open_opportunity_count,
        cast(coalesce(opportunities_by_stage.open_amount, 0) as decimal(18, 2)) as open_amount,
        coalesce(opportunities_by_stage.opportunity_count, 0) as opportunity_count,
        entries_by_stage.first_entered_at,
        entries_by_stage.last_entered_at
    from stages
    left join int_stage_definitions
        on stages.stage_key = int_stage_definitions.stage_key
    left join pipelines
        on
            stages.crm = pipelines.crm
            and stages.pipeline_id = pipelines.pipeline_id
    left join int_stage_meanings
        on
            stages.stage_key = int_stage_meanings.stage_key
            and int_stage_meanings.meaning_from <= {{ as_of() }}
            and (int_stage_meanings.meaning_to is null or int_stage_meanings.meaning_to > {{ as_of() }})
    left join opportunities_by_stage
        on stages.stage_key = opportunities_by_stage.stage_key
    left join entries_by_stage
        on stages.stage_key = entries_by_stage.stage_key

)

select * from conformed_stages
