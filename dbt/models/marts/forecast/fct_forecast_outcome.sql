{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'forecast_fingerprint']) }}

with

fct_forecast_snapshot as (

    select * from {{ ref('fct_forecast_snapshot') }}
    {{ touched_only() }}

),

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}
    {{ touched_only() }}

),

-- a deal that was won without having been forecast has no snapshot, and so one row without one
snapshots_with_outcome as (

    select
        {{ surrogate_key([
            'fct_forecast_quarter.opportunity_id',
            'fct_forecast_quarter.fiscal_quarter',
            'fct_forecast_snapshot.week_of_quarter',
        ]) }} as forecast_outcome_key,
        fct_forecast_quarter.opportunity_id,
        fct_forecast_quarter.opportunity_key,
        fct_forecast_quarter.crm,
        fct_forecast_quarter.pipeline_id,
        fct_forecast_quarter.fiscal_quarter,
        fct_forecast_quarter.fiscal_quarter_start_date,
        fct_forecast_quarter.fiscal_quarter_end_date,
        fct_forecast_quarter.is_quarter_complete,
        fct_forecast_snapshot.week_of_quarter,
        fct_forecast_snapshot.snapshot_at,
        fct_forecast_snapshot.forecast_category,
        fct_forecast_snapshot.forecast_category_rule,
        fct_forecast_snapshot.stage_key,
        fct_forecast_snapshot.canonical_stage,
        fct_forecast_snapshot.win_probability,
        fct_forecast_snapshot.amount,
        fct_forecast_snapshot.amount_original,
        fct_forecast_quarter.currency_code,
        fct_forecast_snapshot.fx_rate,
        fct_forecast_snapshot.close_date,
        fct_forecast_snapshot.owner_id,
        fct_forecast_snapshot.owner_key,
        coalesce(
            fct_forecast_snapshot.snapshot_at = fct_forecast_quarter.first_commit_at, false
        ) as is_first_commit_of_quarter,
        case
            when fct_forecast_snapshot.opportunity_id is null then 'not_forecast'
            else fct_forecast_quarter.outcome
        end as outcome,
        fct_forecast_quarter.outcome_at,
        {{ decimal_days('fct_forecast_snapshot.snapshot_at', 'fct_forecast_quarter.outcome_at') }}
            as days_to_outcome,
        fct_forecast_quarter.outcome_amount,
        fct_forecast_quarter.outcome_amount_original,
        fct_forecast_quarter.outcome_fx_rate,
        fct_forecast_quarter.outcome_close_date,
        fct_forecast_quarter.outcome_owner_id,
        fct_forecast_quarter.outcome_owner_key,
        row_number() over (
            partition by fct_forecast_quarter.opportunity_id, fct_forecast_quarter.fiscal_quarter
            order by fct_forecast_snapshot.snapshot_at
        ) = 1 as is_first_of_quarter,
        fct_forecast_quarter.is_primary_record,
        fct_forecast_quarter.is_stage_trusted,
        fct_forecast_quarter.untrusted_finding_keys
    from fct_forecast_quarter
    left join fct_forecast_snapshot
        on
            fct_forecast_quarter.opportunity_id = fct_forecast_snapshot.opportunity_id
            and fct_forecast_quarter.fiscal_quarter = fct_forecast_snapshot.fiscal_quarter

)

select * from snapshots_with_outcome
