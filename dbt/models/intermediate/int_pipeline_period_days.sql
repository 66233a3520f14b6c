with

dim_date as (

    select * from {{ ref('dim_date') }}

),

days_by_period_type as (

    select
        'week' as period_type,
        date_day,
        week_start_date as period_start_date,
        cast({{ dbt.dateadd('day', 6, 'week_start_date') }} as date) as period_end_date,
        cast(week_start_date as {{ dbt.type_string() }}) as period_name
    from dim_date
    union all
    select
        'month' as period_type,
        date_day,
        fiscal_month_start_date as period_start_date,
        fiscal_month_end_date as period_end_date,
        'FY' || fiscal_year || case when fiscal_month_number < 10 then '-M0' else '-M' end || fiscal_month_number
            as period_name
    from dim_date
    union all
    select
        'quarter' as period_type,
        date_day,
        fiscal_quarter_start_date as period_start_date,
        fiscal_quarter_end_date as period_end_date,
        fiscal_quarter as period_name
    from dim_date

)

select * from days_by_period_type
-- a period that has not begun has no movements
where period_start_date <= {{ reporting_day(as_of()) }}
