-- On the first, 45th and last day of every fiscal quarter, and on the last ten days, the snapshot of each owner, stage
-- and category, and of the records that count, is what a query of the versions as of that day's end gives: counts and
-- money, to the cent.

with

fct_pipeline_daily_snapshot as (

    select * from {{ ref('fct_pipeline_daily_snapshot') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_open

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

sampled_days as (

    select
        date_day,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'date_day')) }} as day_ends_at
    from dim_date
    where
        date_day <= {{ reporting_day(as_of()) }}
        and (
            day_of_quarter in (1, 45)
            or days_left = 0
            or {{ whole_days('date_day', reporting_day(as_of())) }} < 10
        )

),

rows_of_both as (

    select
        fct_pipeline_daily_snapshot.snapshot_date,
        fct_pipeline_daily_snapshot.crm,
        fct_pipeline_daily_snapshot.pipeline_id,
        fct_pipeline_daily_snapshot.owner_id,
        fct_pipeline_daily_snapshot.stage_key,
        fct_pipeline_daily_snapshot.forecast_category,
        fct_pipeline_daily_snapshot.is_primary_record,
        fct_pipeline_daily_snapshot.open_opportunity_count as opportunity_delta,
        fct_pipeline_daily_snapshot.open_amount as amount_delta,
        fct_pipeline_daily_snapshot.weighted_amount as weighted_amount_delta
    from fct_pipeline_daily_snapshot
    -- a join here would keep the engine from a good plan of the view
    where fct_pipeline_daily_snapshot.snapshot_date in (select sampled_days.date_day from sampled_days)
    union all
    select
        sampled_days.date_day as snapshot_date,
        fct_opportunity_version.crm,
        fct_opportunity_version.pipeline_id,
        fct_opportunity_version.owner_id,
        fct_opportunity_version.stage_key,
        fct_opportunity_version.forecast_category,
        dim_opportunity.is_primary_record
        and coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }}) < sampled_days.day_ends_at
            as is_primary_record,
        -1 as opportunity_delta,
        -coalesce(fct_opportunity_version.amount, 0) as amount_delta,
        -coalesce(fct_opportunity_version.weighted_amount, 0) as weighted_amount_delta
    from sampled_days
    inner join fct_opportunity_version
        on
            sampled_days.day_ends_at > fct_opportunity_version.valid_from
            and sampled_days.day_ends_at <= coalesce(fct_opportunity_version.valid_to, {{ end_of_time() }})
    inner join dim_opportunity
        on fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id

)

select
    snapshot_date,
    crm,
    pipeline_id,
    owner_id,
    stage_key,
    forecast_category,
    is_primary_record
from rows_of_both
group by
    snapshot_date,
    crm,
    pipeline_id,
    owner_id,
    stage_key,
    forecast_category,
    is_primary_record
having
    sum(opportunity_delta) <> 0
    or sum(amount_delta) <> 0
    or sum(weighted_amount_delta) <> 0
