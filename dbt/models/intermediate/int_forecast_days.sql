with

dim_date as (

    select * from {{ ref('dim_date') }}

),

days as (

    select
        date_day,
        fiscal_quarter,
        fiscal_year * 4 + fiscal_quarter_number as quarter_no,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        week_of_quarter,
        {{ reporting_midnight('date_day') }} as day_starts_at,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'fiscal_quarter_end_date')) }} as quarter_ends_at,
        -- days 1, 8, 15 … of each fiscal quarter
        mod(day_of_quarter - 1, 7) = 0 and {{ reporting_midnight('date_day') }} <= {{ as_of() }} as is_snapshot_day
    from dim_date

),

numbered_days as (

    select
        *,
        case when is_snapshot_day then day_starts_at end as snapshot_at,
        sum(case when is_snapshot_day then 1 else 0 end) over (
            order by date_day
            rows between unbounded preceding and current row
        ) as snapshot_count
    from days

)

select * from numbered_days
