with

source as (

    {{ source_versions('hubspot', 'emails') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        nullif(hubspot_owner_id, '') as source_owner_id,

        ---------- strings
        hs_email_subject as subject,
        hs_email_direction as email_direction,
        hs_email_status as email_status,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        hs_timestamp as occurred_at,
        coalesce(hs_createdate, created_at) as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
