with

source as (

    {{ source_versions('salesforce', 'opportunity_stage') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        'default' as pipeline_id,
        coalesce(apiname, masterlabel) as source_stage_id,

        ---------- strings
        masterlabel as source_label,
        forecastcategory as forecast_category_raw,
        description as stage_description,

        ---------- numerics
        sortorder as stage_order,
        cast(defaultprobability / 100 as decimal(5, 4)) as default_probability,

        ---------- booleans
        isactive as is_active,
        isclosed as is_closed,
        iswon as is_won,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        createddate as created_at,
        lastmodifieddate as last_modified_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
