with

source as (

    {{ source_rows('salesforce', 'record_type') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,

        ---------- strings
        name as record_type_name,
        developername as developer_name,
        sobjecttype as object_name,
        description as record_type_description,

        ---------- booleans
        isactive as is_active,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
