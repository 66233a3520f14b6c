with

days as (

    {{ calendar_days(
        "'" ~ var('calendar_start') ~ "'",
        dbt.dateadd('day', -1, dbt.dateadd('year', 4, dbt.date_trunc('year', as_of())))
    ) }}

),

-- the years that a fiscal year can start in, with one on either side of the calendar
start_years as (

    select distinct cast(extract(year from date_day) as integer) as start_year
    from days
    union
    select min(cast(extract(year from date_day) as integer)) - 1 as start_year
    from days
    union
    select max(cast(extract(year from date_day) as integer)) + 1 as start_year
    from days

),

start_months as (

    select
        start_year,
        cast(
            start_year || '-{{ "%02d" | format(var("fiscal_year_start_month") | int) }}-01' as date
        ) as month_start_date
    from start_years

),

fiscal_years as (

    select
        start_year + {{ 0 if var('fiscal_year_start_month') | int == 1 else 1 }} as fiscal_year,
        {% if var('fiscal_calendar') == '4-4-5' -%}
            -- the Monday nearest to the first of the month
            cast(
                {{ dbt.dateadd(
                    'day', '(11 - ' ~ iso_day_of_week('month_start_date') ~ ') % 7 - 3', 'month_start_date'
                ) }} as date
            ) as fiscal_year_start_date
        {%- else -%}
            month_start_date as fiscal_year_start_date
        {%- endif %}
    from start_months

),

quarter_numbers as (

    select 1 as quarter_number
    union all
    select 2 as quarter_number
    union all
    select 3 as quarter_number
    union all
    select 4 as quarter_number

),

quarter_starts as (

    select
        fiscal_years.fiscal_year,
        fiscal_years.fiscal_year_start_date,
        quarter_numbers.quarter_number,
        {% if var('fiscal_calendar') == '4-4-5' -%}
            cast(
                {{ dbt.dateadd(
                    'day', '91 * (quarter_numbers.quarter_number - 1)', 'fiscal_years.fiscal_year_start_date'
                ) }} as date
            ) as quarter_start_date
        {%- else -%}
            cast(
                {{ dbt.dateadd(
                    'month', '3 * (quarter_numbers.quarter_number - 1)', 'fiscal_years.fiscal_year_start_date'
                ) }} as date
            ) as quarter_start_date
        {%- endif %}
    from fiscal_years
    cross join quarter_numbers

),

quarters as (

    select
        *,
        lead(quarter_start_date) over (order by quarter_start_date) as next_quarter_start_date
    from quarter_starts

),

days_in_quarters as (

    select
        days.date_day,
        cast(extract(year from days.date_day) as integer) as calendar_year,
        cast(extract(month from days.date_day) as integer) as calendar_month,
        {{ iso_day_of_week('days.date_day') }} as day_of_week,
        {{ iso_day_of_week('days.date_day') }} <= 5 as is_business_day,
        cast({{ dbt.date_trunc('week', 'days.date_day') }} as date) as week_start_date,
        cast(quarters.fiscal_year as integer) as fiscal_year,
        cast(quarters.quarter_number as integer) as fiscal_quarter_number,
        'FY' || quarters.fiscal_year || '-Q' || quarters.quarter_number as fiscal_quarter,
        quarters.fiscal_year_start_date,
        quarters.quarter_start_date as fiscal_quarter_start_date,
        cast({{ dbt.dateadd('day', -1, 'quarters.next_quarter_start_date') }} as date) as fiscal_quarter_end_date,
        {{ whole_days('quarters.quarter_start_date', 'days.date_day') }} + 1 as day_of_quarter,
        {{ whole_days('days.date_day', 'quarters.next_quarter_start_date') }} - 1 as days_left
    from days
    inner join quarters
        on
            days.date_day >= quarters.quarter_start_date
            and days.date_day < quarters.next_quarter_start_date

),

days_with_week as (

    select
        *,
        cast(floor((day_of_quarter - 1) / 7.0) + 1 as integer) as week_of_quarter,
        {% if var('fiscal_calendar') == '4-4-5' -%}
            -- four weeks, four weeks, and what is left of the quarter
            cast(least(floor((day_of_quarter - 1) / 28.0), 2) as integer) as month_of_quarter,
        {%- else -%}
            cast({{ dbt.datediff('fiscal_quarter_start_date', 'date_day', 'month') | trim }} as integer)
                as month_of_quarter,
        {%- endif %}
        date_day = {{ reporting_day(as_of()) }} as is_as_of_day
    from days_in_quarters

),

days_with_month as (

    select
        date_day,
        calendar_year,
        calendar_month,
        day_of_week,
        is_business_day,
        week_start_date,
        fiscal_year,
        fiscal_quarter_number,
        fiscal_quarter,
        fiscal_year_start_date,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        day_of_quarter,
        days_left,
        week_of_quarter,
        3 * (fiscal_quarter_number - 1) + month_of_quarter + 1 as fiscal_month_number,
        {% if var('fiscal_calendar') == '4-4-5' -%}
            cast({{ dbt.dateadd('day', '28 * month_of_quarter', 'fiscal_quarter_start_date') }} as date)
                as fiscal_month_start_date,
            case
                when month_of_quarter = 2 then fiscal_quarter_end_date
                else cast({{ dbt.dateadd('day', '28 * month_of_quarter + 27', 'fiscal_quarter_start_date') }} as date)
            end as fiscal_month_end_date,
        {%- else -%}
            cast({{ dbt.date_trunc('month', 'date_day') }} as date) as fiscal_month_start_date,
            cast({{ dbt.last_day('date_day', 'month') }} as date) as fiscal_month_end_date,
        {%- endif %}
        is_as_of_day
    from days_with_week

)

select * from days_with_month
