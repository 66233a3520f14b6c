-- The calendar lacks no day, and each fiscal quarter counts its days from 1 on without a hole.

with

dim_date as (

    select * from {{ ref('dim_date') }}

),

days_with_previous as (

    select
        date_day,
        day_of_quarter,
        fiscal_quarter,
        lag(date_day) over (order by date_day) as previous_day,
        lag(day_of_quarter) over (
            partition by fiscal_quarter
            order by date_day
        ) as previous_day_of_quarter
    from dim_date

)

select date_day
from days_with_previous
where
    {{ whole_days('previous_day', 'date_day') }} <> 1
    or day_of_quarter <> previous_day_of_quarter + 1
    or (previous_day_of_quarter is null and previous_day is not null and day_of_quarter <> 1)
