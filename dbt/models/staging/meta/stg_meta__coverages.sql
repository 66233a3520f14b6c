with

source as (

    {{ source_rows('meta', 'coverage') }}

),

renamed as (

    select

        ---------- ids
        connection as crm,
        lower(object) as object_name,
        lower(column_name) as column_name,

        ---------- strings
        status as access_status,
        reason as access_reason,
        action as access_action,

        ---------- dates and timestamps
        since as access_since,
        last_seen as last_seen_at

    from source

)

select * from renamed
