with

quotas as (

    select
        *,
        lower(trim(user_email)) as email,
        coalesce(currency_code, '{{ var("corporate_currency") }}') as quota_currency_code
    from {{ ref('quotas') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}
    where is_current

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}

),

int_exchange_rate_periods as (

    select * from {{ ref('int_exchange_rate_periods') }}

),

quarters as (

    select distinct
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date
    from dim_date

),

given_quotas as (

    select
        dim_user.user_key,
        quarters.fiscal_quarter,
        quarters.fiscal_quarter_start_date,
        quarters.fiscal_quarter_end_date,
        dim_user.start_date,
        quotas.measure,
        quotas.quota_amount as quota_amount_original,
        quotas.quota_currency_code as currency_code,
        cast(
            case
                when quotas.quota_currency_code = '{{ var("corporate_currency") }}' then 1
                else int_exchange_rate_periods.fx_rate
            end as decimal(18, 8)
        ) as fx_rate,
        quotas.origin
    from quotas
    inner join dim_user
        on quotas.email = dim_user.email
    inner join quarters
        on quotas.fiscal_quarter = quarters.fiscal_quarter
    -- the rate of the day on which the quarter begins: a quota does not move with the currency
    left join int_exchange_rate_periods
        on
            quotas.quota_currency_code = int_exchange_rate_periods.currency_code
            and quarters.fiscal_quarter_start_date >= int_exchange_rate_periods.rate_from_date
            and quarters.fiscal_quarter_start_date < int_exchange_rate_periods.rate_to_date

),

given_or_missing as (

    select * from given_quotas
    union all
    select
        dim_rep_quarter.user_key,
        dim_rep_quarter.fiscal_quarter,
        dim_rep_quarter.fiscal_quarter_start_date,
        dim_rep_quarter.fiscal_quarter_end_date,
        dim_rep_quarter.start_date,
        'bookings' as measure,
        cast(null as decimal(18, 2)) as quota_amount_original,
        cast(null as varchar) as currency_code,
        cast(null as decimal(18, 8)) as fx_rate,
        cast(null as varchar) as origin
    from dim_rep_quarter
    left join given_quotas
        on
            dim_rep_quarter.user_key = given_quotas.user_key
            and dim_rep_quarter.fiscal_quarter = given_quotas.fiscal_quarter
            and given_quotas.measure = 'bookings'
    where
        dim_rep_quarter.is_quota_carrying
        and given_quotas.user_key is null

),

amounts as (

    select
        *,
        cast(round(quota_amount_original * fx_rate, 2) as decimal(18, 2)) as quota_amount,
        {{ whole_days('fiscal_quarter_start_date', 'fiscal_quarter_end_date') }} + 1 as quarter_days,
        case
            when start_date > fiscal_quarter_end_date then 0
            when start_date > fiscal_quarter_start_date
                then {{ whole_days('start_date', 'fiscal_quarter_end_date') }} + 1
            else {{ whole_days('fiscal_quarter_start_date', 'fiscal_quarter_end_date') }} + 1
        end as carried_days
    from given_or_missing

),

user_quotas as (

    select
        {{ surrogate_key(['user_key', 'fiscal_quarter', 'measure']) }} as quota_key,
        user_key,
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        measure,
        quota_amount,
        quota_amount_original,
        currency_code,
        fx_rate,
        cast(round(quota_amount * carried_days / quarter_days, 2) as decimal(18, 2)) as prorated_quota_amount,
        carried_days,
        quarter_days,
        case
            when quota_amount_original is null then 'missing'
            when fx_rate is null then 'no_rate'
            else 'given'
        end as coverage_status,
        origin
    from amounts

)

select * from user_quotas
