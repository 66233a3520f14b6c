with

source as (

    {{ source_versions('hubspot', 'pipeline_stages') }}

),

renamed as (

    select

        ---------- ids
        _record_id as source_id,
        pipeline_id,
        id as source_stage_id,

        ---------- strings
        label as source_label,

        ---------- numerics
        display_order as stage_order,
        cast(probability as decimal(5, 4)) as default_probability,

        ---------- booleans
        is_closed,
        not coalesce(archived, false) as is_active,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        created_at,
        updated_at as last_modified_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
