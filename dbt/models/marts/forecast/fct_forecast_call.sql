with

forecast_calls as (

    select
        *,
        lower(trim(user_email)) as email,
        coalesce(currency_code, '{{ var("corporate_currency") }}') as call_currency_code,
        {{ reporting_midnight('called_date') }} as called_at
    from {{ ref('forecast_calls') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}
    where is_current

),

dim_date as (

    select * from {{ ref('dim_date') }}

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

-- an instant after as_of has not come yet, and so has no call of its
calls as (

    select
        forecast_calls.scope_type,
        case forecast_calls.scope_type when 'all' then 'all' else dim_user.user_key end as scope_key,
        dim_user.user_key as called_by_key,
        quarters.fiscal_quarter,
        quarters.fiscal_quarter_start_date,
        quarters.fiscal_quarter_end_date,
        forecast_calls.called_date,
        forecast_calls.called_at as valid_from,
        forecast_calls.submitted_amount as submitted_amount_original,
        forecast_calls.adjusted_amount as adjusted_amount_original,
        forecast_calls.call_currency_code as currency_code,
        cast(
            case
                when forecast_calls.call_currency_code = '{{ var("corporate_currency") }}' then 1
                else int_exchange_rate_periods.fx_rate
            end as decimal(18, 8)
        ) as fx_rate,
        forecast_calls.origin
    from forecast_calls
    inner join dim_user
        on forecast_calls.email = dim_user.email
    inner join quarters
        on forecast_calls.fiscal_quarter = quarters.fiscal_quarter
    -- the rate of the day on which the quarter begins, as for quotas: two calls differ by what was called
    left join int_exchange_rate_periods
        on
            forecast_calls.call_currency_code = int_exchange_rate_periods.currency_code
            and quarters.fiscal_quarter_start_date >= int_exchange_rate_periods.rate_from_date
            and quarters.fiscal_quarter_start_date < int_exchange_rate_periods.rate_to_date
    where forecast_calls.called_at <= {{ as_of() }}

),

calls_with_key as (

    select
        {{ surrogate_key(['scope_type', 'scope_key', 'fiscal_quarter', 'called_date']) }} as forecast_call_key,
        scope_type,
        scope_key,
        called_by_key,
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        called_date,
        valid_from,
        lead(valid_from) over (
            partition by scope_type, scope_key, fiscal_quarter
            order by valid_from
        ) as valid_to,
        cast(round(submitted_amount_original * fx_rate, 2) as decimal(18, 2)) as submitted_amount,
        cast(round(adjusted_amount_original * fx_rate, 2) as decimal(18, 2)) as adjusted_amount,
        cast(submitted_amount_original as decimal(18, 2)) as submitted_amount_original,
        cast(adjusted_amount_original as decimal(18, 2)) as adjusted_amount_original,
        currency_code,
        fx_rate,
        origin
    from calls

)

select * from calls_with_key
