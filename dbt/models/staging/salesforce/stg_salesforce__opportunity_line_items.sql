with

source as (

    {{ source_versions('salesforce', 'opportunity_line_item') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        opportunityid as source_opportunity_id,
        product2id as source_product_id,

        ---------- strings
        productcode as product_code,
        name as line_name,

        ---------- numerics
        sortorder as line_order,
        cast(quantity as decimal(18, 2)) as quantity,
        cast(unitprice as decimal(18, 2)) as unit_price,
        cast(listprice as decimal(18, 2)) as list_price,
        cast(totalprice as decimal(18, 2)) as total_price,
        cast(discount / 100 as decimal(9, 6)) as discount_rate,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        servicedate as service_date,
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
