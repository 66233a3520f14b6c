-- For every week, month and quarter, every owner and pipeline in it, and the records that count: what was there at the
-- start, and every movement, are what is there at the end, in money to the cent and in deals. Start and end are counted
-- a second time, from the versions as of the two boundaries.

with

fct_pipeline_change as (

    select * from {{ ref('fct_pipeline_change') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_open

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

int_pipeline_period_days as (

    select * from {{ ref('int_pipeline_period_days') }}

),

versions_due as (

    select
        fct_opportunity_version.pipeline_id,
        fct_opportunity_version.owner_id,
        fct_opportunity_version.valid_from,
        coalesce(fct_opportunity_version.valid_to, {{ end_of_time() }}) as valid_to,
        coalesce(fct_opportunity_version.amount, 0) as amount,
        dim_opportunity.is_primary_record,
        coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }}) as primary_since,
        int_pipeline_period_days.period_type,
        int_pipeline_period_days.period_start_date,
        {{ reporting_midnight('int_pipeline_period_days.period_start_date') }} as starts_at,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'int_pipeline_period_days.period_end_date')) }} as ends_at
    from fct_opportunity_version
    inner join dim_opportunity
        on fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id
    inner join int_pipeline_period_days
        on fct_opportunity_version.close_date = int_pipeline_period_days.date_day

),

rows_of_both as (

    select
        period_type,
        period_start_date,
        pipeline_id,
        owner_id,
        is_primary_record,
        case when category = 'start' then amount_delta else 0 end as start_amount,
        case when category = 'start' then opportunity_delta else 0 end as start_count,
        case when category = 'end' then amount_delta else 0 end as end_amount,
        case when category = 'end' then opportunity_delta else 0 end as end_count,
        case when category = 'end' then -amount_delta else amount_delta end as residual_amount,
        case when category = 'end' then -opportunity_delta else opportunity_delta end as residual_count
    from fct_pipeline_change
    union all
    select
        period_type,
        period_start_date,
        pipeline_id,
        owner_id,
        is_primary_record and primary_since < starts_at as is_primary_record,
        -amount as start_amount,
        -1 as start_count,
        0 as end_amount,
        0 as end_count,
        0 as residual_amount,
        0 as residual_count
    from versions_due
    where
        starts_at > valid_from
        and starts_at <= valid_to
    union all
    select
        period_type,
        period_start_date,
        pipeline_id,
        owner_id,
        is_primary_record and primary_since < ends_at as is_primary_record,
        0 as start_amount,
        0 as start_count,
        -amount as end_amount,
        -1 as end_count,
        0 as residual_amount,
        0 as residual_count
    from versions_due
    where
        ends_at > valid_from
        and ends_at <= valid_to

)

select
    period_type,
    period_start_date,
    pipeline_id,
    owner_id,
    is_primary_record,
    sum(residual_amount) as residual_amount,
    sum(start_amount) as start_difference,
    sum(end_amount) as end_difference
from rows_of_both
group by
    period_type,
    period_start_date,
    pipeline_id,
    owner_id,
    is_primary_record
having
    sum(residual_amount) <> 0
    or sum(residual_count) <> 0
    or sum(start_amount) <> 0
    or sum(start_count) <> 0
    or sum(end_amount) <> 0
    or sum(end_count) <> 0
