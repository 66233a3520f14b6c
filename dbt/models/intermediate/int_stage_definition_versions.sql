with

stg_salesforce__opportunity_stages as (

    select * from {{ ref('stg_salesforce__opportunity_stages') }}
    where valid_from is null or valid_from <= {{ as_of() }}

),

stg_hubspot__pipeline_stages as (

    select * from {{ ref('stg_hubspot__pipeline_stages') }}
    where valid_from is null or valid_from <= {{ as_of() }}

),

stg_hubspot__pipelines as (

    select * from {{ ref('stg_hubspot__pipelines') }}
    where valid_from is null or valid_from <= {{ as_of() }}

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
        end as deactivated_at,
        case when {{ is_gone_at_as_of() }} then coalesce(deleted_at, {{ beginning_of_time() }}) end as gone_at,
        coalesce(valid_from, {{ beginning_of_time() }}) as version_from,
        coalesce(valid_to, {{ end_of_time() }}) as version_to
    from stg_salesforce__opportunity_stages
    where created_at is null or created_at <= {{ as_of() }}

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
        end as deactivated_at,
        -- an archived stage is still a definition; one that is gone altogether is not
        case
            when {{ is_gone_at_as_of('stg_hubspot__pipeline_stages') }} and stg_hubspot__pipeline_stages.is_active
                then coalesce(stg_hubspot__pipeline_stages.deleted_at, {{ beginning_of_time() }})
        end as gone_at,
        greatest(
            coalesce(stg_hubspot__pipeline_stages.valid_from, {{ beginning_of_time() }}),
            coalesce(stg_hubspot__pipelines.valid_from, {{ beginning_of_time() }})
        ) as version_from,
        least(
            coalesce(stg_hubspot__pipeline_stages.valid_to, {{ end_of_time() }}),
            coalesce(stg_hubspot__pipelines.valid_to, {{ end_of_time() }})
        ) as version_to
    from stg_hubspot__pipeline_stages
    -- a stage changes with its pipeline: where both have versions, each overlap is one
    left join stg_hubspot__pipelines
        on
            stg_hubspot__pipeline_stages.pipeline_id = stg_hubspot__pipelines.source_id
            and coalesce(stg_hubspot__pipeline_stages.valid_from, {{ beginning_of_time() }})
            < coalesce(stg_hubspot__pipelines.valid_to, {{ end_of_time() }})
            and coalesce(stg_hubspot__pipelines.valid_from, {{ beginning_of_time() }})
            < coalesce(stg_hubspot__pipeline_stages.valid_to, {{ end_of_time() }})
    where
        stg_hubspot__pipeline_stages.created_at is null
        or stg_hubspot__pipeline_stages.created_at <= {{ as_of() }}

),

stages_of_both as (

    select * from stages_of_salesforce
    union all
    select * from stages_of_hubspot

),

stages_with_last_end as (

    select
        *,
        max(gone_at) over (partition by crm, pipeline_id, source_stage_id) as last_gone_at
    from stages_of_both

),

-- of two records of one stage the second begins where the first was gone
stage_periods as (

    select
        *,
        case
            when gone_at is null then greatest(version_from, coalesce(last_gone_at, version_from))
            else version_from
        end as valid_from,
        least(
            case when version_to <= {{ as_of() }} then version_to else {{ end_of_time() }} end,
            coalesce(gone_at, {{ end_of_time() }})
        ) as valid_to
    from stages_with_last_end
    where
        gone_at is null
        or gone_at = last_gone_at

),

stages_with_forecast_category as (

    select
        {{ stage_key('stage_periods.crm', 'stage_periods.pipeline_id', 'stage_periods.source_stage_id') }}
            as stage_key,
        stage_periods.crm,
        stage_periods.pipeline_id,
        stage_periods.pipeline_label,
        stage_periods.source_stage_id,
        stage_periods.source_label,
        stage_periods.stage_order,
        stage_periods.default_probability,
        forecast_category_names.forecast_category,
        stage_periods.is_closed,
        stage_periods.is_won,
        stage_periods.is_closed and not stage_periods.is_won as is_lost,
        stage_periods.is_active,
        stage_periods.deactivated_at,
        stage_periods.valid_from,
        nullif(stage_periods.valid_to, {{ end_of_time() }}) as valid_to
    from stage_periods
    left join forecast_category_names
        on
            stage_periods.crm = forecast_category_names.crm
            and stage_periods.forecast_category_raw = forecast_category_names.source_name
    where stage_periods.valid_from < stage_periods.valid_to

)

select * from stages_with_forecast_category
