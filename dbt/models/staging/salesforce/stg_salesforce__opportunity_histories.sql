with

source as (

    {{ source_rows('salesforce', 'opportunity_history') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        opportunityid as source_opportunity_id,
        createdbyid as created_by_source_id,
        'default' as pipeline_id,
        stagename as source_stage_id,

        ---------- strings
        forecastcategory as forecast_category_raw,

        ---------- numerics
        cast(amount as decimal(18, 2)) as amount_original,
        cast(probability / 100 as decimal(5, 4)) as win_probability,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        closedate as close_date,
        createddate as changed_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
