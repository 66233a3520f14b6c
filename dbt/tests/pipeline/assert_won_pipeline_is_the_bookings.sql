-- Won in the waterfall is the bookings of every week, month and quarter, counted a second way, from the stage visits:
-- deals that became won in the period and were won, and there, when it ended; one by one, by owner, and to the cent.

with

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_won

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

fct_pipeline_change as (

    select * from {{ ref('fct_pipeline_change') }}
    where category = 'won'

),

int_pipeline_period_days as (

    select * from {{ ref('int_pipeline_period_days') }}

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

wins_by_period as (

    select distinct
        visits_with_previous.opportunity_id,
        int_pipeline_period_days.period_type,
        int_pipeline_period_days.period_start_date,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'int_pipeline_period_days.period_end_date')) }} as period_ends_at
    from visits_with_previous
    inner join int_pipeline_period_days
        on {{ reporting_day('visits_with_previous.entered_at') }} = int_pipeline_period_days.date_day
    where
        visits_with_previous.is_won
        and not coalesce(visits_with_previous.was_won, false)

),

bookings as (

    select
        wins_by_period.opportunity_id,
        wins_by_period.period_type,
        wins_by_period.period_start_date,
        fct_opportunity_version.owner_id,
        coalesce(fct_opportunity_version.amount, 0) as amount,
        dim_opportunity.is_primary_record
        and coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }}) < wins_by_period.period_ends_at
            as is_primary_record
    from wins_by_period
    inner join dim_opportunity
        on wins_by_period.opportunity_id = dim_opportunity.opportunity_id
    inner join fct_opportunity_version
        on
            wins_by_period.opportunity_id = fct_opportunity_version.opportunity_id
            and wins_by_period.period_ends_at > fct_opportunity_version.valid_from
            and wins_by_period.period_ends_at <= coalesce(fct_opportunity_version.valid_to, {{ end_of_time() }})

)

select
    bookings.opportunity_id as booked_id,
    fct_pipeline_change.opportunity_id as won_id,
    coalesce(bookings.period_type, fct_pipeline_change.period_type) as period_type,
    bookings.amount,
    fct_pipeline_change.amount_delta
from bookings
full outer join fct_pipeline_change
    on
        bookings.opportunity_id = fct_pipeline_change.opportunity_id
        and bookings.period_type = fct_pipeline_change.period_type
        and bookings.period_start_date = fct_pipeline_change.period_start_date
where
    bookings.opportunity_id is null
    or fct_pipeline_change.opportunity_id is null
    or bookings.owner_id is distinct from fct_pipeline_change.owner_id
    or bookings.is_primary_record <> fct_pipeline_change.is_primary_record
    or bookings.amount + fct_pipeline_change.amount_delta <> 0
