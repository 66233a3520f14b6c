with

int_forecast_weekly_cells as (

    select * from {{ ref('int_forecast_weekly_cells') }}

),

int_forecast_conversions as (

    select * from {{ ref('int_forecast_conversions') }}

),

cells_with_rate as (

    select
        cells.*,
        int_forecast_conversions.win_rate,
        int_forecast_conversions.past_deal_count
    from int_forecast_weekly_cells as cells
    left join int_forecast_conversions
        on
            cells.quarter_no = int_forecast_conversions.quarter_no
            and cells.week_of_quarter = int_forecast_conversions.week_of_quarter
            and cells.canonical_stage is not distinct from int_forecast_conversions.canonical_stage
            and cells.stage_age_band = int_forecast_conversions.stage_age_band
            and cells.due_band = int_forecast_conversions.due_band

),

cells_by_scope as (

    select
        'all' as scope_type,
        'all' as scope_key,
        *
    from cells_with_rate
    union all
    select
        'team' as scope_type,
        coalesce(team_key, 'none') as scope_key,
        *
    from cells_with_rate
    union all
    select
        'owner' as scope_type,
        coalesce(owner_key, 'none') as scope_key,
        *
    from cells_with_rate

),

-- deals of one cell share the error of their rate, so it is taken over the cell's amount in the scope
cells_of_scopes as (

    select
        scope_type,
        scope_key,
        quarter_no,
        week_of_quarter,
        deal_position,
        sum(deal_count) as deal_count,
        sum(amount) as amount,
        sum(commit_amount) as commit_amount,
        sum(best_case_amount) as best_case_amount,
        sum(won_amount) as won_amount,
        sum(amount) * max(win_rate) as expected_amount,
        cast(
            cast(max(win_rate) * (1 - max(win_rate)) as double) * (
                cast(sum(squared_amount) as double)
                + cast(sum(amount) as double) * cast(sum(amount) as double)
                / (max(past_deal_count) + {{ var('projection_prior_deals') }})
            ) as decimal(38, 2)
        ) as variance
    from cells_by_scope
    group by
        scope_type,
        scope_key,
        quarter_no,
        week_of_quarter,
        deal_position,
        canonical_stage,
        stage_age_band,
        due_band

),

scope_weeks as (

    select
        scope_type,
        scope_key,
        quarter_no,
        week_of_quarter,
        sum(case when deal_position = 'booked' then amount end) as booked_to_date_amount,
        sum(case when deal_position = 'open' then deal_count end) as open_deal_count,
        sum(case when deal_position = 'open' then amount end) as open_amount,
        sum(commit_amount) as commit_open_amount,
        sum(best_case_amount) as best_case_open_amount,
        sum(expected_amount) as expected_open_amount,
        sum(variance) as open_variance,
        sum(case when deal_position = 'unseen' then won_amount end) as unseen_amount,
        sum(won_amount) as won_amount
    from cells_of_scopes
    group by
        scope_type,
        scope_key,
        quarter_no,
        week_of_quarter

),

calendar_weeks as (

    select distinct
        quarter_no,
        week_of_quarter,
        snapshot_at
    from int_forecast_weekly_cells

),

scopes as (

    select
        scope_type,
        scope_key,
        min(quarter_no) as first_quarter_no
    from scope_weeks
    group by
        scope_type,
        scope_key

),

-- a quarter in which a scope sold nothing unseen counts as 0 in its history, from its first quarter on
every_week_of_scopes as (

    select
        scopes.scope_type,
        scopes.scope_key,
        calendar_weeks.quarter_no,
        calendar_weeks.week_of_quarter,
        calendar_weeks.snapshot_at,
        cast(coalesce(scope_weeks.booked_to_date_amount, 0) as decimal(18, 2)) as booked_to_date_amount,
        coalesce(scope_weeks.open_deal_count, 0) as open_deal_count,
        cast(coalesce(scope_weeks.open_amount, 0) as decimal(18, 2)) as open_amount,
        cast(coalesce(scope_weeks.commit_open_amount, 0) as decimal(18, 2)) as commit_open_amount,
        cast(coalesce(scope_weeks.best_case_open_amount, 0) as decimal(18, 2)) as best_case_open_amount,
        cast(coalesce(scope_weeks.expected_open_amount, 0) as decimal(18, 2)) as expected_open_amount,
        coalesce(scope_weeks.open_variance, 0) as open_variance,
        cast(coalesce(scope_weeks.unseen_amount, 0) as decimal(18, 2)) as unseen_amount,
        cast(coalesce(scope_weeks.won_amount, 0) as decimal(18, 2)) as won_amount
    from scopes
    inner join calendar_weeks
        on scopes.first_quarter_no <= calendar_weeks.quarter_no
    left join scope_weeks
        on
            scopes.scope_type = scope_weeks.scope_type
            and scopes.scope_key = scope_weeks.scope_key
            and calendar_weeks.quarter_no = scope_weeks.quarter_no
            and calendar_weeks.week_of_quarter = scope_weeks.week_of_quarter

),

weeks_with_history as (

    select
        *,
        count(*) over past_quarters as past_quarter_count,
        coalesce(sum(unseen_amount) over past_quarters, 0) as past_unseen_amount,
        coalesce(sum(cast(unseen_amount as decimal(19, 2)) * unseen_amount) over past_quarters, 0)
            as past_squared_unseen_amount
    from every_week_of_scopes
    window
        past_quarters as (
            partition by scope_type, scope_key, week_of_quarter
            order by quarter_no
            range between {{ var('projection_history_quarters') }} preceding and 1 preceding
        )

)

select * from weeks_with_history
