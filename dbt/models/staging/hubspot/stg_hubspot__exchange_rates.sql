with

source as (

    {{ source_rows('hubspot', 'exchange_rates') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,

        ---------- strings
        from_currency_code as currency_code,
        to_currency_code as company_currency_code,

        ---------- numerics
        conversion_rate as company_units_per_unit,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        {{ reporting_day('effective_at') }} as valid_from,
        effective_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
