{{ config(materialized='by_key', key='quarter_no', fingerprint=['int_forecast_quarter_fingerprints', 'fingerprint']) }}

with

int_forecast_version_spans as (

    select * from {{ ref('int_forecast_version_spans') }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}
    where
        outcome = 'won'
        and was_primary_record

),

int_forecast_days as (

    select * from {{ ref('int_forecast_days') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}

),

weekly_snapshots as (

    select * from int_forecast_days
    where
        is_snapshot_day
        {{ touched_only('int_forecast_quarter_fingerprints', 'and', key='quarter_no') }}

),

-- the first and the last snapshot that are made
reach as (

    select
        min(snapshot_count) as first_no,
        max(snapshot_count) as last_no
    from weekly_snapshots

),

-- of a deal that both CRMs hold, the record that does not count while the other one is there
secondary_records as (

    select
        int_opportunities_conformed.opportunity_id,
        other_records.created_at as other_created_at,
        coalesce(other_records.deleted_at, {{ end_of_time() }}) as other_deleted_at
    from int_opportunities_conformed
    inner join int_opportunities_conformed as other_records
        on int_opportunities_conformed.crosswalk_id = other_records.opportunity_id
    where int_opportunities_conformed.crm <> '{{ var("primary_crm") }}'

),

numbered_versions as (

    select
        int_forecast_version_spans.*,
        greatest(int_forecast_version_spans.snapshots_before, reach.first_no - 1) as before_no,
        least(int_forecast_version_spans.snapshots_until_end, reach.last_no) as last_no
    from int_forecast_version_spans
    cross join reach

),

-- a row for each step of a span, so that versions meet their weeks by equality: bounds would be sorted in memory
numbers as (

    select distinct snapshot_count as number_value
    from int_forecast_days
    where snapshot_count > 0

),

spans as (

    select
        lengths.number_value as span,
        steps.number_value as step
    from numbers as lengths
    inner join numbers as steps
        on lengths.number_value >= steps.number_value

),

versions_by_week as (

    select
        weekly_snapshots.*,
        versions.opportunity_id,
        versions.is_won,
        versions.owner_key,
        versions.amount,
        versions.canonical_stage,
        {{ decimal_days('versions.canonical_stage_since', 'weekly_snapshots.snapshot_at') }} as stage_age_days,
        versions.close_date,
        versions.forecast_category
    from numbered_versions as versions
    inner join spans
        on versions.last_no - versions.before_no = spans.span
    inner join weekly_snapshots
        on versions.before_no + spans.step = weekly_snapshots.snapshot_count

),

positions as (

    select
        versions.quarter_no,
        versions.week_of_quarter,
        versions.snapshot_at,
        versions.opportunity_id,
        case when versions.is_won then 'booked' else 'open' end as deal_position,
        versions.owner_key,
        versions.amount,
        case when not versions.is_won then versions.canonical_stage end as canonical_stage,
        case
            when versions.is_won then null
            when versions.stage_age_days < {{ var('projection_stage_age_days')[0] }} then 'fresh'
            when versions.stage_age_days < {{ var('projection_stage_age_days')[1] }} then 'settled'
            else 'stale'
        end as stage_age_band,
        case
            when versions.is_won then null
            when versions.close_date is null then 'undated'
            when versions.close_date < versions.date_day then 'overdue'
            when versions.close_date <= versions.fiscal_quarter_end_date then 'due'
            else 'later'
        end as due_band,
        case
            when versions.is_won or versions.close_date < versions.fiscal_quarter_start_date then null
            when versions.close_date <= versions.fiscal_quarter_end_date then versions.forecast_category
        end as forecast_category
    from versions_by_week as versions
    left join secondary_records
        on
            versions.opportunity_id = secondary_records.opportunity_id
            and versions.snapshot_at >= secondary_records.other_created_at
            and versions.snapshot_at < secondary_records.other_deleted_at
    where secondary_records.opportunity_id is null

),

wins_by_week as (

    select
        weekly_snapshots.quarter_no,
        weekly_snapshots.week_of_quarter,
        weekly_snapshots.snapshot_at,
        fct_forecast_quarter.opportunity_id,
        fct_forecast_quarter.outcome_owner_key,
        fct_forecast_quarter.outcome_amount
    from fct_forecast_quarter
    inner join weekly_snapshots
        on fct_forecast_quarter.fiscal_quarter = weekly_snapshots.fiscal_quarter

),

-- a win of the quarter that the week did not see as open or booked came later: made, or opened again, after it
positions_with_win as (

    select
        coalesce(positions.quarter_no, wins_by_week.quarter_no) as quarter_no,
        coalesce(positions.week_of_quarter, wins_by_week.week_of_quarter) as week_of_quarter,
        coalesce(positions.snapshot_at, wins_by_week.snapshot_at) as snapshot_at,
        coalesce(positions.deal_position, 'unseen') as deal_position,
        case when positions.opportunity_id is null then wins_by_week.outcome_owner_key else positions.owner_key end
            as owner_key,
        positions.canonical_stage,
        positions.stage_age_band,
        positions.due_band,
        positions.forecast_category,
        positions.amount,
        wins_by_week.opportunity_id is not null as is_won_by_end,
        wins_by_week.outcome_amount
    from positions
    full outer join wins_by_week
        on
            positions.opportunity_id = wins_by_week.opportunity_id
            and positions.snapshot_at = wins_by_week.snapshot_at

),

positions_with_team as (

    select
        positions_with_win.*,
        dim_user.manager_key as team_key
    from positions_with_win
    left join dim_user
        on
            positions_with_win.owner_key = dim_user.user_key
            and positions_with_win.snapshot_at >= dim_user.valid_from
            and positions_with_win.snapshot_at < coalesce(dim_user.valid_to, {{ end_of_time() }})

),

cells as (

    select
        cast(quarter_no as integer) as quarter_no,
        week_of_quarter,
        snapshot_at,
        owner_key,
        team_key,
        deal_position,
        canonical_stage,
        stage_age_band,
        due_band,
        count(*) as deal_count,
        cast(coalesce(sum(amount), 0) as decimal(18, 2)) as amount,
        -- exact, so that the order of the rows cannot show
        coalesce(sum(cast(amount as decimal(19, 2)) * amount), 0) as squared_amount,
        cast(coalesce(sum(case when forecast_category = 'commit' then amount end), 0) as decimal(18, 2))
            as commit_amount,
        cast(coalesce(sum(case when forecast_category = 'best_case' then amount end), 0) as decimal(18, 2))
            as best_case_amount,
        count(case when is_won_by_end then 1 end) as won_count,
        cast(coalesce(sum(case when is_won_by_end then outcome_amount end), 0) as decimal(18, 2)) as won_amount
    from positions_with_team
    group by
        quarter_no,
        week_of_quarter,
        snapshot_at,
        owner_key,
        team_key,
        deal_position,
        canonical_stage,
        stage_age_band,
        due_band

)

select * from cells
