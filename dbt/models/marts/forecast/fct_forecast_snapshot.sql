{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'forecast_fingerprint']) }}

with

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    {{ touched_only() }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

-- days 1, 8, 15 … of each fiscal quarter
weekly_snapshots as (

    select
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        week_of_quarter,
        {{ reporting_midnight('date_day') }} as snapshot_at
    from dim_date
    where
        mod(day_of_quarter - 1, 7) = 0
        and {{ reporting_midnight('date_day') }} <= {{ as_of() }}

),

-- the quarter of the close date turns the join below into an equality, which the engine can hash
open_forecast_versions as (

    select
        fct_opportunity_version.*,
        dim_date.fiscal_quarter_start_date as close_quarter_start_date
    from fct_opportunity_version
    inner join dim_date
        on fct_opportunity_version.close_date = dim_date.date_day
    where
        fct_opportunity_version.forecast_category in ('commit', 'best_case')
        and fct_opportunity_version.is_open

),

forecast_snapshots as (

    select
        {{ surrogate_key(['open_forecast_versions.opportunity_id', 'weekly_snapshots.snapshot_at']) }}
            as forecast_snapshot_key,
        open_forecast_versions.opportunity_id,
        open_forecast_versions.opportunity_key,
        open_forecast_versions.crm,
        open_forecast_versions.pipeline_id,
        weekly_snapshots.fiscal_quarter,
        weekly_snapshots.fiscal_quarter_start_date,
        weekly_snapshots.fiscal_quarter_end_date,
        weekly_snapshots.week_of_quarter,
        weekly_snapshots.snapshot_at,
        open_forecast_versions.stage_key,
        open_forecast_versions.canonical_stage,
        open_forecast_versions.forecast_category,
        open_forecast_versions.forecast_category_rule,
        open_forecast_versions.win_probability,
        open_forecast_versions.amount,
        open_forecast_versions.amount_original,
        open_forecast_versions.currency_code,
        open_forecast_versions.fx_rate,
        open_forecast_versions.close_date,
        open_forecast_versions.owner_id,
        open_forecast_versions.owner_key,
        open_forecast_versions.is_stage_trusted,
        open_forecast_versions.untrusted_finding_keys
    from weekly_snapshots
    inner join open_forecast_versions
        on
            weekly_snapshots.fiscal_quarter_start_date = open_forecast_versions.close_quarter_start_date
            -- half-open: a change at the very instant of the snapshot is in it
            and weekly_snapshots.snapshot_at >= open_forecast_versions.valid_from
            and weekly_snapshots.snapshot_at < coalesce(open_forecast_versions.valid_to, {{ end_of_time() }})

)

select * from forecast_snapshots
