with

stg_salesforce__dated_conversion_rates as (

    select * from {{ ref('stg_salesforce__dated_conversion_rates') }}

),

stg_salesforce__currency_types as (

    select * from {{ ref('stg_salesforce__currency_types') }}

),

stg_salesforce__organizations as (

    select * from {{ ref('stg_salesforce__organizations') }}

),

-- the org's rates lead to its own corporate currency, and serve only where that is the one amounts are shown in
corporate_currency_of_org as (

    select
        coalesce(
            max(case when currencies_of_org.is_corporate then currencies_of_org.currency_code end),
            min(currencies_of_org.currency_code)
        ) as currency_code
    from (
        select
            currency_code,
            is_corporate
        from stg_salesforce__currency_types
        where is_corporate and not is_deleted
        union all
        select
            currency_code,
            false as is_corporate
        from stg_salesforce__organizations
    ) as currencies_of_org

),

dated_rates as (

    select
        stg_salesforce__dated_conversion_rates.currency_code,
        stg_salesforce__dated_conversion_rates.valid_from,
        coalesce(
            stg_salesforce__dated_conversion_rates.valid_to, cast({{ end_of_time() }} as date)
        ) as valid_to,
        -- Salesforce says how many units of the currency one corporate unit is worth
        cast(
            1 / nullif(stg_salesforce__dated_conversion_rates.units_per_corporate_unit, 0) as decimal(18, 8)
        ) as fx_rate
    from stg_salesforce__dated_conversion_rates
    inner join corporate_currency_of_org
        on corporate_currency_of_org.currency_code = '{{ var("corporate_currency") }}'
    where not stg_salesforce__dated_conversion_rates.is_deleted

)

select * from dated_rates
