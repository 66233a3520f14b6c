with

dim_rep_quarter as (

    select
        *,
        row_number() over (
            partition by user_key
            order by fiscal_quarter_start_date desc
        ) as recency
    from {{ ref('dim_rep_quarter') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_won
        and is_primary_record
        and not is_deleted

),

first_days as (

    select {{ reporting_day('min(valid_from)') }} as first_day
    from int_opportunity_outcomes

),

reps as (

    select
        dim_rep_quarter.user_key,
        dim_rep_quarter.role_family,
        dim_rep_quarter.ramp_months,
        dim_rep_quarter.start_date,
        dim_rep_quarter.start_date >= first_days.first_day as is_start_observed,
        first_days.first_day,
        -- dim_rep_quarter ends with the quarter in which someone was last seen
        case
            when dim_rep_quarter.is_quarter_complete then dim_rep_quarter.last_seen_date
            else {{ reporting_day(as_of()) }}
        end as last_day
    from dim_rep_quarter
    cross join first_days
    where dim_rep_quarter.recency = 1

),

numbers as (

    select row_number() over (order by date_day) as tenure_month
    from dim_date

),

tenure_months as (

    select
        reps.*,
        numbers.tenure_month,
        cast({{ dbt.dateadd('month', 'numbers.tenure_month - 1', 'reps.start_date') }} as date) as month_start_date,
        cast({{ dbt.dateadd('month', 'numbers.tenure_month', 'reps.start_date') }} as date) as next_month_start_date
    from reps
    inner join numbers
        on
            {{ dbt.datediff('reps.start_date', 'reps.first_day', 'month') | trim }} <= numbers.tenure_month
            and {{ dbt.datediff('reps.start_date', 'reps.last_day', 'month') | trim }} + 1 >= numbers.tenure_month

),

-- a month that began before the CRMs have deals would show too little
known_months as (

    select * from tenure_months
    where
        month_start_date >= first_day
        and month_start_date <= last_day

),

-- whoever owned the deal when it was won
bookings as (

    select
        int_opportunity_outcomes.owner_key,
        {{ reporting_day('dim_opportunity.closed_at') }} as booked_date,
        dim_opportunity.amount
    from dim_opportunity
    inner join int_opportunity_outcomes
        on
            dim_opportunity.opportunity_id = int_opportunity_outcomes.opportunity_id
            and dim_opportunity.closed_at = int_opportunity_outcomes.valid_from

),

first_wins as (

    select
        owner_key,
        min(booked_date) as first_win_date
    from bookings
    group by owner_key

),

months_with_bookings as (

    select
        known_months.user_key,
        known_months.tenure_month,
        count(bookings.owner_key) as won_count,
        coalesce(sum(bookings.amount), 0) as won_amount
    from known_months
    left join bookings
        on
            known_months.user_key = bookings.owner_key
            and known_months.month_start_date <= bookings.booked_date
            and known_months.next_month_start_date > bookings.booked_date
    group by
        known_months.user_key,
        known_months.tenure_month

),

trailing_bookings as (

    select
        known_months.*,
        months_with_bookings.won_count,
        months_with_bookings.won_amount,
        known_months.next_month_start_date <= {{ reporting_day(as_of()) }} as is_complete_month,
        sum(months_with_bookings.won_amount) over (
            partition by known_months.user_key
            order by known_months.tenure_month
            rows between 2 preceding and current row
        ) as trailing_sum,
        count(*) over (
            partition by known_months.user_key
            order by known_months.tenure_month
            rows between 2 preceding and current row
        ) as trailing_months
    from known_months
    inner join months_with_bookings
        on
            known_months.user_key = months_with_bookings.user_key
            and known_months.tenure_month = months_with_bookings.tenure_month

),

rep_months as (

    select
        {{ surrogate_key(['trailing_bookings.user_key', 'trailing_bookings.tenure_month']) }} as rep_month_key,
        trailing_bookings.user_key,
        cast(trailing_bookings.tenure_month as integer) as tenure_month,
        trailing_bookings.month_start_date,
        cast({{ dbt.dateadd('day', -1, 'trailing_bookings.next_month_start_date') }} as date) as month_end_date,
        trailing_bookings.is_complete_month,
        trailing_bookings.role_family,
        trailing_bookings.ramp_months,
        trailing_bookings.start_date,
        trailing_bookings.is_start_observed,
        first_wins.first_win_date,
        cast(trailing_bookings.won_count as integer) as won_count,
        cast(trailing_bookings.won_amount as decimal(18, 2)) as won_amount,
        -- of someone who was there before the data the first two months lack what came before
        case
            when trailing_bookings.trailing_months = 3 or trailing_bookings.is_start_observed
                then cast(trailing_bookings.trailing_sum as decimal(18, 2))
        end as trailing_won_amount
    from trailing_bookings
    left join first_wins
        on trailing_bookings.user_key = first_wins.owner_key

)

select * from rep_months
