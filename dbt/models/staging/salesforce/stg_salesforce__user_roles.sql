with

source as (

    {{ source_versions('salesforce', 'user_role') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        parentroleid as source_parent_role_id,

        ---------- strings
        name as role_name,
        developername as developer_name,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
