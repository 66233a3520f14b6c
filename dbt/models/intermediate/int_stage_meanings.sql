with

int_stage_definitions as (

    select * from {{ ref('int_stage_definitions') }}

),

int_stage_map_periods as (

    select * from {{ ref('int_stage_map_periods') }}

),

canonical_stages as (

    select * from {{ ref('canonical_stages') }}

),

forecast_category_map as (

    select * from {{ ref('forecast_category_map') }}

),

unmapped_stages as (

    select
        int_stage_definitions.stage_key,
        int_stage_definitions.crm,
        int_stage_definitions.pipeline_id,
        int_stage_definitions.source_stage_id,
        cast(null as integer) as canonical_stage,
        cast(null as varchar) as exit_criteria,
        cast(null as integer) as sla_days,
        cast(null as varchar) as map_owner,
        cast('1900-01-01' as timestamp) as meaning_from,
        cast(null as timestamp) as meaning_to
    from int_stage_definitions
    left join int_stage_map_periods
        on int_stage_definitions.stage_key = int_stage_map_periods.stage_key
    where int_stage_map_periods.stage_key is null

),

stages as (

    select * from int_stage_map_periods
    union all
    select * from unmapped_stages

),

-- an org whose open stages are all "Pipeline" never set its categories up: what its deals say there says nothing
salesforce_usage as (

    select
        coalesce(
            max(case when forecast_category <> 'pipeline' then 1 else 0 end), 0
        ) = 1 as uses_forecast_categories
    from int_stage_definitions
    where
        crm = 'salesforce'
        and is_active
        and not is_closed

),

meanings as (

    select
        stages.stage_key,
        stages.crm,
        stages.pipeline_id,
        stages.source_stage_id,
        stages.meaning_from,
        stages.meaning_to,
        stages.canonical_stage,
        canonical_stages.canonical_stage_name,
        stages.exit_criteria,
        stages.sla_days,
        stages.map_owner,
        -- the reviewed map says what a stage means; the CRM's flags speak only where the map is silent
        coalesce(canonical_stages.is_closed, int_stage_definitions.is_closed, false) as means_closed,
        coalesce(canonical_stages.is_won, int_stage_definitions.is_won, false) as means_won,
        int_stage_definitions.default_probability,
        int_stage_definitions.forecast_category as stage_forecast_category,
        coalesce(
            map_of_stage.forecast_category, map_of_canonical_stage.forecast_category
        ) as mapped_forecast_category,
        coalesce(map_of_stage.rule_name, map_of_canonical_stage.rule_name) as forecast_category_map_rule,
        stages.crm = 'hubspot' or salesforce_usage.uses_forecast_categories as uses_forecast_categories
    from stages
    cross join salesforce_usage
    left join int_stage_definitions
        on stages.stage_key = int_stage_definitions.stage_key
    left join canonical_stages
        on stages.canonical_stage = canonical_stages.canonical_stage
    left join forecast_category_map as map_of_stage
        on
            stages.crm = map_of_stage.crm
            and stages.pipeline_id = map_of_stage.pipeline_id
            and stages.source_stage_id = map_of_stage.source_stage_id
    left join forecast_category_map as map_of_canonical_stage
        on
            stages.canonical_stage = map_of_canonical_stage.canonical_stage
            and map_of_canonical_stage.source_stage_id is null

)

select * from meanings
