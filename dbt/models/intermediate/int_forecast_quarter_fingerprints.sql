with

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}

),

int_forecast_days as (

    select * from {{ ref('int_forecast_days') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}

),

-- a quarter that runs has more snapshots each week
quarters as (

    select
        fiscal_quarter,
        quarter_no,
        min(day_starts_at) as quarter_starts_at,
        max(quarter_ends_at) as quarter_ends_at,
        {{ row_set_fingerprint(['date_day', 'week_of_quarter', 'is_snapshot_day']) }} as calendar_fingerprint
    from int_forecast_days
    group by
        fiscal_quarter,
        quarter_no
    having min(day_starts_at) <= {{ as_of() }}

),

-- of a deal that both CRMs hold, one record counts while the other one is there
other_records as (

    select
        int_opportunities_conformed.opportunity_id,
        other_records.created_at,
        other_records.deleted_at
    from int_opportunities_conformed
    inner join int_opportunities_conformed as other_records
        on int_opportunities_conformed.crosswalk_id = other_records.opportunity_id

),

-- what is outside of a quarter is cut off, so that a change of today leaves the quarters before it alone
versions_by_quarter as (

    select
        quarters.quarter_no,
        {{ row_set_fingerprint([
            'versions.opportunity_id', 'versions.is_won', 'versions.owner_key', 'versions.amount', 'versions.canonical_stage',
            'versions.canonical_stage_since', 'versions.close_date', 'versions.forecast_category',
            'greatest(versions.valid_from, quarters.quarter_starts_at)',
            'least(coalesce(versions.valid_to, quarters.quarter_ends_at), quarters.quarter_ends_at)',
            'least(other_records.created_at, quarters.quarter_ends_at)',
            'least(other_records.deleted_at, quarters.quarter_ends_at)',
        ]) }} as versions_fingerprint
    from quarters
    inner join int_opportunity_outcomes as versions
        on
            quarters.quarter_ends_at > versions.valid_from
            and quarters.quarter_starts_at < coalesce(versions.valid_to, {{ end_of_time() }})
    left join other_records
        on versions.opportunity_id = other_records.opportunity_id
    where
        not versions.is_closed
        -- a win counts in the weeks of its own quarter
        or (
            versions.is_won
            and versions.outcome_since >= quarters.quarter_starts_at
            and versions.outcome_since < quarters.quarter_ends_at
        )
    group by quarters.quarter_no

),

wins_by_quarter as (

    select
        fiscal_quarter,
        {{ row_set_fingerprint(['opportunity_id', 'outcome_owner_key', 'outcome_amount']) }} as wins_fingerprint
    from fct_forecast_quarter
    where
        outcome = 'won'
        and was_primary_record
    group by fiscal_quarter

),

teams_by_quarter as (

    select
        quarters.quarter_no,
        {{ row_set_fingerprint([
            'dim_user.user_key', 'dim_user.manager_key',
            'greatest(dim_user.valid_from, quarters.quarter_starts_at)',
            'least(coalesce(dim_user.valid_to, quarters.quarter_ends_at), quarters.quarter_ends_at)',
        ]) }} as teams_fingerprint
    from quarters
    inner join dim_user
        on
            quarters.quarter_ends_at > dim_user.valid_from
            and quarters.quarter_starts_at < coalesce(dim_user.valid_to, {{ end_of_time() }})
    group by quarters.quarter_no

),

fingerprints as (

    select
        quarters.quarter_no,
        quarters.fiscal_quarter,
        {{ surrogate_key([
            'quarters.calendar_fingerprint',
            'versions_by_quarter.versions_fingerprint',
            'wins_by_quarter.wins_fingerprint',
            'teams_by_quarter.teams_fingerprint',
        ]) }} as fingerprint
    from quarters
    left join versions_by_quarter
        on quarters.quarter_no = versions_by_quarter.quarter_no
    left join wins_by_quarter
        on quarters.fiscal_quarter = wins_by_quarter.fiscal_quarter
    left join teams_by_quarter
        on quarters.quarter_no = teams_by_quarter.quarter_no

)

select * from fingerprints
