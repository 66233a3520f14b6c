{{ config(materialized='view') }}

with

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}

),

int_forecast_days as (

    select * from {{ ref('int_forecast_days') }}

),

-- a win counts in the weeks of its own quarter
counted_versions as (

    select
        versions.opportunity_id,
        versions.version_no,
        versions.is_won,
        versions.owner_key,
        versions.amount,
        versions.canonical_stage,
        versions.canonical_stage_since,
        versions.close_date,
        versions.forecast_category,
        versions.valid_from,
        case
            when versions.is_closed
                then least(coalesce(versions.valid_to, outcome_days.quarter_ends_at), outcome_days.quarter_ends_at)
            else versions.valid_to
        end as counts_to
    from int_opportunity_outcomes as versions
    left join int_forecast_days as outcome_days
        on {{ reporting_day('versions.outcome_since') }} = outcome_days.date_day
    where
        not versions.is_closed
        or (versions.is_won and outcome_days.date_day is not null)

),

last_snapshots as (

    select max(snapshot_count) as last_no
    from int_forecast_days

),

-- half-open: a change at the very instant of a snapshot is in it
version_spans as (

    select
        counted_versions.opportunity_id,
        counted_versions.version_no,
        counted_versions.is_won,
        counted_versions.owner_key,
        counted_versions.amount,
        counted_versions.canonical_stage,
        counted_versions.canonical_stage_since,
        counted_versions.close_date,
        counted_versions.forecast_category,
        case
            when first_days.date_day is null then 0
            when counted_versions.valid_from <= first_days.snapshot_at then first_days.snapshot_count - 1
            else first_days.snapshot_count
        end as snapshots_before,
        case
            when counted_versions.counts_to is null or counted_versions.counts_to > {{ as_of() }}
                then last_snapshots.last_no
            when last_days.date_day is null then 0
            when counted_versions.counts_to <= last_days.snapshot_at then last_days.snapshot_count - 1
            else last_days.snapshot_count
        end as snapshots_until_end
    from counted_versions
    cross join last_snapshots
    left join int_forecast_days as first_days
        on {{ reporting_day('counted_versions.valid_from') }} = first_days.date_day
    left join int_forecast_days as last_days
        on {{ reporting_day('counted_versions.counts_to') }} = last_days.date_day

)

select * from version_spans
where snapshots_until_end > snapshots_before
