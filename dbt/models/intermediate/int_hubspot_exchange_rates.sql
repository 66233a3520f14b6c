with

-- rates lead to HubSpot's company currency, and serve only where that is the one amounts are shown in
stg_hubspot__exchange_rates as (

    select * from {{ ref('stg_hubspot__exchange_rates') }}
    where
        company_currency_code = '{{ var("corporate_currency") }}'
        and company_units_per_unit > 0
        and not is_deleted

),

rates_in_order as (

    select
        currency_code,
        valid_from,
        cast(company_units_per_unit as decimal(18, 8)) as fx_rate,
        row_number() over (
            partition by currency_code, valid_from
            order by effective_at desc, source_id desc
        ) as preference
    from stg_hubspot__exchange_rates

),

-- of two rates that begin on one day, the day has the later one
rates_with_validity as (

    select
        currency_code,
        valid_from,
        coalesce(
            lead(valid_from) over (
                partition by currency_code
                order by valid_from
            ),
            cast({{ end_of_time() }} as date)
        ) as valid_to,
        fx_rate
    from rates_in_order
    where preference = 1

)

select * from rates_with_validity
