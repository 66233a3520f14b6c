with

source as (

    {{ source_versions('hubspot', 'pipelines') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,

        ---------- strings
        label as pipeline_label,

        ---------- numerics
        display_order as pipeline_order,

        ---------- booleans
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
