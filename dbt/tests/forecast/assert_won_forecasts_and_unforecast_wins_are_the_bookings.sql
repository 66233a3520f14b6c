-- Bookings counted a second way, from the stage visits: deals that became won in the quarter and were won, and
-- there, when it ended. They must be the won and not_forecast deals of the quarter, one by one and to the cent.

with

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

fct_forecast_outcome as (

    select * from {{ ref('fct_forecast_outcome') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

visits_with_previous as (

    select
        opportunity_id,
        entered_at,
        is_won,
        lag(is_won) over (
            partition by opportunity_id
            order by visit_no
        ) as was_won
    from int_stage_visits

),

wins_by_quarter as (

    select distinct
        visits_with_previous.opportunity_id,
        dim_date.fiscal_quarter,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'dim_date.fiscal_quarter_end_date')) }} as quarter_ends_at
    from visits_with_previous
    inner join dim_date
        on {{ reporting_day('visits_with_previous.entered_at') }} = dim_date.date_day
    where
        visits_with_previous.is_won
        and not coalesce(visits_with_previous.was_won, false)

),

bookings as (

    select
        wins_by_quarter.opportunity_id,
        wins_by_quarter.fiscal_quarter,
        fct_opportunity_version.amount
    from wins_by_quarter
    inner join fct_opportunity_version
        on
            wins_by_quarter.opportunity_id = fct_opportunity_version.opportunity_id
            and wins_by_quarter.quarter_ends_at > fct_opportunity_version.valid_from
            and (
                fct_opportunity_version.valid_to is null
                or wins_by_quarter.quarter_ends_at <= fct_opportunity_version.valid_to
            )
    where fct_opportunity_version.is_won

),

reported as (

    select
        opportunity_id,
        fiscal_quarter,
        outcome_amount
    from fct_forecast_outcome
    where
        outcome in ('won', 'not_forecast')
        and is_first_of_quarter

),

differences as (

    select
        bookings.opportunity_id as booked_id,
        reported.opportunity_id as reported_id,
        coalesce(bookings.fiscal_quarter, reported.fiscal_quarter) as fiscal_quarter,
        bookings.amount,
        reported.outcome_amount
    from bookings
    full outer join reported
        on
            bookings.opportunity_id = reported.opportunity_id
            and bookings.fiscal_quarter = reported.fiscal_quarter
    where
        bookings.opportunity_id is null
        or reported.opportunity_id is null
        or bookings.amount is distinct from reported.outcome_amount

)

select * from differences
