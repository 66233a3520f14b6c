-- In every quarter and week, owners and teams add up to all, to the cent: in what was booked by then, in commit,
-- in best case and in the bookings. All of them are the bookings of fct_forecast_quarter, each deal once.

with

by_scope_type as (

    select
        scope_type,
        fiscal_quarter,
        week_of_quarter,
        sum(booked_to_date_amount) as booked_to_date_amount,
        sum(commit_open_amount) as commit_open_amount,
        sum(best_case_open_amount) as best_case_open_amount,
        sum(booked_amount) as booked_amount
    from {{ ref('agg_forecast_accuracy') }}
    group by
        scope_type,
        fiscal_quarter,
        week_of_quarter

),

bookings as (

    select
        fiscal_quarter,
        coalesce(sum(outcome_amount), 0) as booked_amount
    from {{ ref('fct_forecast_quarter') }}
    where
        outcome = 'won'
        and was_primary_record
    group by fiscal_quarter

),

differences as (

    select
        parts.scope_type,
        parts.fiscal_quarter,
        parts.week_of_quarter
    from by_scope_type as parts
    left join by_scope_type as total
        on
            parts.fiscal_quarter = total.fiscal_quarter
            and parts.week_of_quarter = total.week_of_quarter
            and total.scope_type = 'all'
    left join bookings
        on parts.fiscal_quarter = bookings.fiscal_quarter
    where
        parts.booked_to_date_amount is distinct from total.booked_to_date_amount
        or parts.commit_open_amount is distinct from total.commit_open_amount
        or parts.best_case_open_amount is distinct from total.best_case_open_amount
        or parts.booked_amount is distinct from total.booked_amount
        or parts.booked_amount <> coalesce(bookings.booked_amount, 0)

)

select * from differences
