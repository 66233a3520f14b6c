{{ config(materialized='view') }}

with

int_stage_definition_versions as (

    select * from {{ ref('int_stage_definition_versions') }}

),

stage_definitions as (

    select
        stage_key,
        crm,
        pipeline_id,
        pipeline_label,
        source_stage_id,
        source_label,
        stage_order,
        default_probability,
        forecast_category,
        is_closed,
        is_won,
        is_lost,
        is_active,
        deactivated_at
    from int_stage_definition_versions
    where valid_to is null

)

select * from stage_definitions
