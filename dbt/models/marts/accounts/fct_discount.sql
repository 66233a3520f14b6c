with

int_opportunity_lines_conformed as (

    select * from {{ ref('int_opportunity_lines_conformed') }}
    where not is_deleted

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where not is_deleted

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

lines as (

    select
        int_opportunity_lines_conformed.*,
        dim_opportunity.opportunity_key,
        dim_opportunity.owner_key,
        dim_opportunity.account_key,
        dim_opportunity.outcome_class,
        dim_opportunity.is_primary_record,
        dim_opportunity.currency_code,
        dim_opportunity.fx_rate,
        dim_opportunity.close_date,
        dim_date.fiscal_quarter,
        dim_date.days_left as days_to_quarter_end,
        {{ safe_divide(
            'int_opportunity_lines_conformed.list_amount_original - int_opportunity_lines_conformed.net_amount_original',
            'int_opportunity_lines_conformed.list_amount_original'
        ) }} as discount_rate
    from int_opportunity_lines_conformed
    inner join dim_opportunity
        on int_opportunity_lines_conformed.opportunity_id = dim_opportunity.opportunity_id
    left join dim_date
        on dim_opportunity.close_date = dim_date.date_day

),

lines_in_corporate_currency as (

    select
        *,
        cast(round(list_amount_original * fx_rate, 2) as decimal(18, 2)) as list_amount,
        cast(round(net_amount_original * fx_rate, 2) as decimal(18, 2)) as net_amount
    from lines

),

discounts as (

    select
        {{ surrogate_key(['line_id']) }} as line_key,
        line_id,
        crm,
        opportunity_key,
        opportunity_id,
        owner_key,
        account_key,
        product_code,
        line_name,
        quantity,
        list_amount,
        net_amount,
        cast(list_amount - net_amount as decimal(18, 2)) as discount_amount,
        list_amount_original,
        net_amount_original,
        cast(list_amount_original - net_amount_original as decimal(18, 2)) as discount_amount_original,
        currency_code,
        fx_rate,
        discount_rate,
        entered_discount_rate,
        discount_rate >= {{ var('discount_minimum_rate') }} as is_discounted,
        -- neither CRM has a field for these as delivered: null, and a row of dq_input_coverage
        cast(null as varchar) as discount_reason,
        cast(null as varchar) as approved_by,
        cast(null as boolean) as is_unapproved,
        close_date,
        fiscal_quarter,
        days_to_quarter_end,
        days_to_quarter_end < {{ var('discount_last_days') }} as is_in_last_days_of_quarter,
        outcome_class,
        is_primary_record,
        created_at
    from lines_in_corporate_currency

)

select * from discounts
