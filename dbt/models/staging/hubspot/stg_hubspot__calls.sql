with

source as (

    {{ source_versions('hubspot', 'calls') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        nullif(hubspot_owner_id, '') as source_owner_id,

        ---------- strings
        hs_call_title as subject,
        hs_call_direction as call_direction,
        hs_call_disposition as call_disposition,
        hs_call_status as call_status,

        ---------- numerics
        cast(hs_call_duration as bigint) as call_duration_milliseconds,

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
