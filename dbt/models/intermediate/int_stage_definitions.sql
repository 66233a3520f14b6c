with

stg_salesforce__opportunity_stages as (

    select * from {{ ref('stg_salesforce__opportunity_stages') }}

),

stg_hubspot__pipeline_stages as (

    select * from {{ ref('stg_hubspot__pipeline_stages') }}

),

stg_hubspot__pipelines as (

    select * from {{ ref('stg_hubspot__pipelines') }}

),

forecast_category_names as (

    select * from {{ ref('forecast_category_names') }}

),

stages_of_salesforce as (

    select
        'salesforce' as crm,
        pipeline_id,
        'Sales' as pipeline_label,
        source_stage_id,
        source_label,
        cast(stage_order as integer) as stage_order,
        default_probability,
        forecast_category_raw,
        is_closed,
        is_won,
        is_active,
        -- Salesforce keeps no date of deactivation: the last change of the inactive stage is the latest it can be
        case
            when not is_active
                then last_modified_at
        end as deactivated_at
    from stg_salesforce__opportunity_stages
    where not is_deleted

),

stages_of_hubspot as (

    select
        'hubspot' as crm,
        stg_hubspot__pipeline_stages.pipeline_id,
        stg_hubspot__pipelines.pipeline_label,
        stg_hubspot__pipeline_stages.source_stage_id,
        stg_hubspot__pipeline_stages.source_label,
        cast(stg_hubspot__pipeline_stages.stage_order as integer) as stage_order,
        stg_hubspot__pipeline_stages.default_probability,
        cast(null as varchar) as forecast_category_raw,
        stg_hubspot__pipeline_stages.is_closed,
        -- HubSpot's own rule: the closed stage with probability 1 is the won one
        stg_hubspot__pipeline_stages.is_closed and stg_hubspot__pipeline_stages.default_probability = 1 as is_won,
        stg_hubspot__pipeline_stages.is_active and coalesce(stg_hubspot__pipelines.is_active, true) as is_active,
        case
            when not stg_hubspot__pipeline_stages.is_active then stg_hubspot__pipeline_stages.last_modified_at
            when not stg_hubspot__pipelines.is_active then stg_hubspot__pipelines.last_modified_at
        end as deactivated_at
    from stg_hubspot__pipeline_stages
    left join stg_hubspot__pipelines
        on stg_hubspot__pipeline_stages.pipeline_id = stg_hubspot__pipelines.source_id
    -- an archived stage is still a definition; one that is gone altogether is not
    where not stg_hubspot__pipeline_stages.is_deleted or not stg_hubspot__pipeline_stages.is_active

),

stages_of_both as (

    select * from stages_of_salesforce
    union all
    select * from stages_of_hubspot

),

stages_with_forecast_category as (

    select
        {{ stage_key('stages_of_both.crm', 'stages_of_both.pipeline_id', 'stages_of_both.source_stage_id') }}
            as stage_key,
        stages_of_both.crm,
        stages_of_both.pipeline_id,
        stages_of_both.pipeline_label,
        stages_of_both.source_stage_id,
        stages_of_both.source_label,
        stages_of_both.stage_order,
        stages_of_both.default_probability,
        forecast_category_names.forecast_category,
        stages_of_both.is_closed,
        stages_of_both.is_won,
        stages_of_both.is_closed and not stages_of_both.is_won as is_lost,
        stages_of_both.is_active,
        stages_of_both.deactivated_at
    from stages_of_both
    left join forecast_category_names
        on
            stages_of_both.crm = forecast_category_names.crm
            and stages_of_both.forecast_category_raw = forecast_category_names.source_name

)

select * from stages_with_forecast_category
