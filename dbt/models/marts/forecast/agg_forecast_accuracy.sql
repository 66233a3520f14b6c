with

int_forecast_scope_weeks as (

    select * from {{ ref('int_forecast_scope_weeks') }}

),

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}
    where
        outcome = 'won'
        and was_primary_record

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}

),

fct_forecast_call as (

    select * from {{ ref('fct_forecast_call') }}

),

quarters as (

    select
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        fiscal_year * 4 + fiscal_quarter_number as quarter_no,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'fiscal_quarter_end_date')) }} <= {{ as_of() }}
            as is_quarter_complete
    from dim_date
    where date_day = fiscal_quarter_start_date

),

wins_with_team as (

    select
        fct_forecast_quarter.fiscal_quarter,
        fct_forecast_quarter.outcome_owner_key,
        fct_forecast_quarter.outcome_amount,
        dim_user.manager_key
    from fct_forecast_quarter
    left join dim_user
        on
            fct_forecast_quarter.outcome_owner_key = dim_user.user_key
            and fct_forecast_quarter.outcome_at >= dim_user.valid_from
            and fct_forecast_quarter.outcome_at < coalesce(dim_user.valid_to, {{ end_of_time() }})

),

wins_by_scope as (

    select
        'all' as scope_type,
        'all' as scope_key,
        fiscal_quarter,
        outcome_amount
    from wins_with_team
    union all
    select
        'team' as scope_type,
        coalesce(manager_key, 'none') as scope_key,
        fiscal_quarter,
        outcome_amount
    from wins_with_team
    union all
    select
        'owner' as scope_type,
        coalesce(outcome_owner_key, 'none') as scope_key,
        fiscal_quarter,
        outcome_amount
    from wins_with_team

),

bookings as (

    select
        scope_type,
        scope_key,
        fiscal_quarter,
        cast(coalesce(sum(outcome_amount), 0) as decimal(18, 2)) as booked_amount
    from wins_by_scope
    group by
        scope_type,
        scope_key,
        fiscal_quarter

),

forecasts as (

    select
        {{ surrogate_key([
            'weeks.scope_type', 'weeks.scope_key', 'quarters.fiscal_quarter', 'weeks.week_of_quarter',
        ]) }} as forecast_accuracy_key,
        quarters.fiscal_quarter,
        quarters.fiscal_quarter_start_date,
        quarters.fiscal_quarter_end_date,
        quarters.is_quarter_complete,
        weeks.week_of_quarter,
        weeks.snapshot_at,
        weeks.scope_type,
        weeks.scope_key,
        weeks.booked_to_date_amount,
        weeks.commit_open_amount,
        weeks.best_case_open_amount,
        cast(weeks.booked_to_date_amount + weeks.commit_open_amount as decimal(18, 2)) as commit_forecast_amount,
        cast(
            weeks.booked_to_date_amount + weeks.commit_open_amount + weeks.best_case_open_amount as decimal(18, 2)
        ) as best_case_forecast_amount,
        fct_forecast_call.submitted_amount as submitted_call_amount,
        fct_forecast_call.adjusted_amount as adjusted_call_amount,
        coalesce(fct_forecast_call.adjusted_amount, fct_forecast_call.submitted_amount) as call_amount,
        coalesce(bookings.booked_amount, 0) as booked_amount
    from int_forecast_scope_weeks as weeks
    inner join quarters
        on weeks.quarter_no = quarters.quarter_no
    left join bookings
        on
            weeks.scope_type = bookings.scope_type
            and weeks.scope_key = bookings.scope_key
            and quarters.fiscal_quarter = bookings.fiscal_quarter
    -- the call that stood at the snapshot
    left join fct_forecast_call
        on
            weeks.scope_type = fct_forecast_call.scope_type
            and weeks.scope_key = fct_forecast_call.scope_key
            and quarters.fiscal_quarter = fct_forecast_call.fiscal_quarter
            and weeks.snapshot_at >= fct_forecast_call.valid_from
            and weeks.snapshot_at < coalesce(fct_forecast_call.valid_to, {{ end_of_time() }})

),

-- a running quarter has no accuracy yet, and neither has one without bookings
accuracies as (

    select
        *,
        case
            when is_quarter_complete
                then 1 - {{ safe_divide('abs(booked_amount - commit_forecast_amount)', 'booked_amount') }}
        end as commit_accuracy,
        case
            when is_quarter_complete
                then {{ safe_divide('commit_forecast_amount - booked_amount', 'booked_amount') }}
        end as commit_bias,
        case
            when is_quarter_complete
                then 1 - {{ safe_divide('abs(booked_amount - best_case_forecast_amount)', 'booked_amount') }}
        end as best_case_accuracy,
        case
            when is_quarter_complete
                then {{ safe_divide('best_case_forecast_amount - booked_amount', 'booked_amount') }}
        end as best_case_bias,
        case
            when is_quarter_complete
                then 1 - {{ safe_divide('abs(booked_amount - call_amount)', 'booked_amount') }}
        end as call_accuracy,
        case
            when is_quarter_complete
                then {{ safe_divide('call_amount - booked_amount', 'booked_amount') }}
        end as call_bias
    from forecasts
    where
        booked_amount <> 0
        or best_case_forecast_amount <> 0
        or submitted_call_amount is not null

)

select * from accuracies
