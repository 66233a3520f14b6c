with

source as (

    {{ source_rows('hubspot', 'company_currency') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,

        ---------- strings
        id as currency_code,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
