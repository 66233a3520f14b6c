with

stg_salesforce__opportunity_line_items as (

    select * from {{ ref('stg_salesforce__opportunity_line_items') }}
    where {{ holds_at_as_of() }}

),

lines as (

    select
        'salesforce:' || source_id as line_id,
        'salesforce' as crm,
        'salesforce:' || source_opportunity_id as opportunity_id,
        product_code,
        line_name,
        quantity,
        -- null where the price book is hidden or the line has none
        cast(round(list_price * quantity, 2) as decimal(18, 2)) as list_amount_original,
        total_price as net_amount_original,
        discount_rate as entered_discount_rate,
        created_at,
        is_deleted and coalesce(deleted_at, {{ as_of() }}) <= {{ as_of() }} as is_deleted
    from stg_salesforce__opportunity_line_items
    where created_at <= {{ as_of() }}

)

select * from lines
