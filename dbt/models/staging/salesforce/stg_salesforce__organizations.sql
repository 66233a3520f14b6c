with

source as (

    {{ source_rows('salesforce', 'organization') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,

        ---------- strings
        name as organization_name,
        defaultcurrencyisocode as currency_code,
        timezonesidkey as time_zone,

        ---------- booleans
        issandbox as is_sandbox,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
