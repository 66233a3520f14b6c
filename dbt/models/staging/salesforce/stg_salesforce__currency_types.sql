with

source as (

    {{ source_rows('salesforce', 'currency_type') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,

        ---------- strings
        isocode as currency_code,

        ---------- numerics
        cast(conversionrate as decimal(22, 6)) as units_per_corporate_unit,

        ---------- booleans
        isactive as is_active,
        iscorporate as is_corporate,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
