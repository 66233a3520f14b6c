with

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}

),

int_opportunity_changes as (

    select * from {{ ref('int_opportunity_changes') }}

),

int_salesforce_exchange_rates as (

    select * from {{ ref('int_salesforce_exchange_rates') }}

),

int_hubspot_exchange_rates as (

    select * from {{ ref('int_hubspot_exchange_rates') }}

),

exchange_rates as (

    select * from {{ ref('exchange_rates') }}
    where corporate_currency = '{{ var("corporate_currency") }}'

),

seed_rates as (

    select
        currency_code,
        valid_from,
        coalesce(valid_to, cast({{ end_of_time() }} as date)) as valid_to,
        fx_rate
    from exchange_rates

),

currencies as (

    select distinct currency_code
    from int_opportunity_records
    union
    select distinct currency_code
    from int_opportunity_changes
    where currency_code <> ''
    union
    select currency_code
    from int_salesforce_exchange_rates
    union
    select currency_code
    from int_hubspot_exchange_rates
    union
    select currency_code
    from seed_rates

),

-- every day at which the rate of a currency can change; the first one stands for all days before any rate
boundaries as (

    select
        currency_code,
        cast('0001-01-01' as date) as rate_from_date
    from currencies
    union
    select
        currency_code,
        valid_from as rate_from_date
    from int_salesforce_exchange_rates
    union
    select
        currency_code,
        valid_to as rate_from_date
    from int_salesforce_exchange_rates
    union
    select
        currency_code,
        valid_from as rate_from_date
    from int_hubspot_exchange_rates
    union
    select
        currency_code,
        valid_from as rate_from_date
    from seed_rates
    union
    select
        currency_code,
        valid_to as rate_from_date
    from seed_rates

),

rates_from_boundaries as (

    select
        boundaries.currency_code,
        boundaries.rate_from_date,
        case
            when boundaries.currency_code = '{{ var("corporate_currency") }}' then cast(1 as decimal(18, 8))
            else coalesce(int_salesforce_exchange_rates.fx_rate, int_hubspot_exchange_rates.fx_rate, seed_rates.fx_rate)
        end as fx_rate,
        case
            when boundaries.currency_code = '{{ var("corporate_currency") }}' then 'corporate'
            when int_salesforce_exchange_rates.fx_rate is not null then 'salesforce'
            when int_hubspot_exchange_rates.fx_rate is not null then 'hubspot'
            when seed_rates.fx_rate is not null then 'seed'
            else 'missing'
        end as rate_source
    from boundaries
    inner join currencies
        on boundaries.currency_code = currencies.currency_code
    left join int_salesforce_exchange_rates
        on
            boundaries.currency_code = int_salesforce_exchange_rates.currency_code
            and boundaries.rate_from_date >= int_salesforce_exchange_rates.valid_from
            and boundaries.rate_from_date < int_salesforce_exchange_rates.valid_to
    left join int_hubspot_exchange_rates
        on
            boundaries.currency_code = int_hubspot_exchange_rates.currency_code
            and boundaries.rate_from_date >= int_hubspot_exchange_rates.valid_from
            and boundaries.rate_from_date < int_hubspot_exchange_rates.valid_to
    left join seed_rates
        on
            boundaries.currency_code = seed_rates.currency_code
            and boundaries.rate_from_date >= seed_rates.valid_from
            and boundaries.rate_from_date < seed_rates.valid_to
    where boundaries.rate_from_date < cast({{ end_of_time() }} as date)

),

rates_with_previous as (

    select
        *,
        row_number() over rates_of_currency as rate_no,
        lag(fx_rate) over rates_of_currency as previous_fx_rate,
        lag(rate_source) over rates_of_currency as previous_rate_source
    from rates_from_boundaries
    window
        rates_of_currency as (
            partition by currency_code
            order by rate_from_date
        )

),

-- a new day with the same rate begins no period
rate_changes as (

    select * from rates_with_previous
    where
        rate_no = 1
        or fx_rate is distinct from previous_fx_rate
        or rate_source <> previous_rate_source

),

periods as (

    select
        currency_code,
        rate_from_date,
        coalesce(
            lead(rate_from_date) over (
                partition by currency_code
                order by rate_from_date
            ),
            cast({{ end_of_time() }} as date)
        ) as rate_to_date,
        fx_rate,
        rate_source
    from rate_changes

),

periods_with_instants as (

    select
        *,
        {{ reporting_midnight('rate_from_date') }} as rate_from_at,
        {{ reporting_midnight('rate_to_date') }} as rate_to_at
    from periods

)

select * from periods_with_instants
