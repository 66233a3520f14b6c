with

source as (

    {{ source_versions('hubspot', 'owners') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        user_id as source_user_id,

        ---------- strings
        first_name,
        last_name,
        lower(trim(email)) as email,
        type as owner_type,
        teams,

        ---------- booleans
        not coalesce(archived, false) as is_active,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
