with

salesforce_stages as (

    select * from {{ ref('stg_salesforce__opportunity_stages') }}

),

hubspot_stages as (

    select * from {{ ref('stg_hubspot__pipeline_stages') }}

),

hubspot_pipelines as (

    select * from {{ ref('stg_hubspot__pipelines') }}

),

forecast_category_names as (

    select * from {{ ref('forecast_category_names') }}

),

stages_of_salesforce as (

    select
        'salesforce' as crm,
        salesforce_stages.pipeline_id,
        'Sales' as pipeline_label,
        salesforce_stages.source_stage_id,
        salesforce_stages.source_label,
        cast(salesforce_stages.stage_order as integer) as stage_order,
        salesforce_stages.default_probability,
        salesforce_stages.forecast_category_raw,
        salesforce_stages.is_closed,
        salesforce_stages.is_won,
        salesforce_stages.is_active,
        -- Salesforce keeps no date of deactivation: the last change of the inactive stage is the latest it can be
        case
            when not salesforce_stages.is_active then salesforce_stages.last_modified_at
        end as deactivated_at
    from salesforce_stages
    where not salesforce_stages.is_deleted

),

stages_of_hubspot as (

    select
        'hubspot' as crm,
        hubspot_stages.pipeline_id,
        hubspot_pipelines.pipeline_label,
        hubspot_stages.source_stage_id,
        hubspot_stages.source_label,
        cast(hubspot_stages.stage_order as integer) as stage_order,
        hubspot_stages.default_probability,
        cast(null as varchar) as forecast_category_raw,
        hubspot_stages.is_closed,
        -- HubSpot's own rule: the closed stage with probability 1 is the won one
        hubspot_stages.is_closed and hubspot_stages.default_probability = 1 as is_won,
        hubspot_stages.is_active and coalesce(hubspot_pipelines.is_active, true) as is_active,
        case
            when not hubspot_stages.is_active then hubspot_stages.last_modified_at
            when not hubspot_pipelines.is_active then hubspot_pipelines.last_modified_at
        end as deactivated_at
    from hubspot_stages
    left join hubspot_pipelines
        on hubspot_stages.pipeline_id = hubspot_pipelines.source_id
    -- an archived stage is still a definition; one that is gone altogether is not
    where not hubspot_stages.is_deleted or not hubspot_stages.is_active

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
