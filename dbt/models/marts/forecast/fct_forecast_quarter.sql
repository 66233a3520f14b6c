{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'forecast_fingerprint']) }}

with

fct_forecast_snapshot as (

    select * from {{ ref('fct_forecast_snapshot') }}
    {{ touched_only() }}

),

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}
    {{ touched_only() }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

forecast_or_won as (

    select
        opportunity_id,
        fiscal_quarter_start_date,
        snapshot_at as forecast_at,
        case when forecast_category = 'commit' then snapshot_at end as commit_at
    from fct_forecast_snapshot
    union all
    select
        int_opportunity_outcomes.opportunity_id,
        dim_date.fiscal_quarter_start_date,
        cast(null as timestamp) as forecast_at,
        cast(null as timestamp) as commit_at
    from int_opportunity_outcomes
    inner join dim_date
        on {{ reporting_day('int_opportunity_outcomes.outcome_since') }} = dim_date.date_day
    where int_opportunity_outcomes.is_won

),

opportunities_by_quarter as (

    select
        forecast_or_won.opportunity_id,
        dim_date.fiscal_quarter,
        dim_date.fiscal_quarter_start_date,
        dim_date.fiscal_quarter_end_date,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'dim_date.fiscal_quarter_end_date')) }} as quarter_ends_at,
        min(forecast_or_won.forecast_at) as first_forecast_at,
        min(forecast_or_won.commit_at) as first_commit_at
    from forecast_or_won
    inner join dim_date
        on forecast_or_won.fiscal_quarter_start_date = dim_date.date_day
    group by
        forecast_or_won.opportunity_id,
        dim_date.fiscal_quarter,
        dim_date.fiscal_quarter_start_date,
        dim_date.fiscal_quarter_end_date

),

-- half-open: what happens at the instant at which a quarter ends belongs to the next one
states_until_quarter_end as (

    select
        opportunities_by_quarter.*,
        opportunities_by_quarter.quarter_ends_at <= {{ as_of() }} as is_quarter_complete,
        int_opportunity_outcomes.crm,
        int_opportunity_outcomes.pipeline_id,
        int_opportunity_outcomes.outcome_since,
        int_opportunity_outcomes.amount as outcome_amount,
        int_opportunity_outcomes.amount_original as outcome_amount_original,
        int_opportunity_outcomes.currency_code,
        int_opportunity_outcomes.fx_rate as outcome_fx_rate,
        int_opportunity_outcomes.close_date as outcome_close_date,
        int_opportunity_outcomes.owner_id as outcome_owner_id,
        int_opportunity_outcomes.owner_key as outcome_owner_key,
        int_opportunity_outcomes.deleted_at,
        case
            when int_opportunity_outcomes.deleted_at < opportunities_by_quarter.quarter_ends_at then 'deleted'
            when int_opportunity_outcomes.is_closed then int_opportunity_outcomes.outcome_class
            when opportunities_by_quarter.quarter_ends_at > {{ as_of() }} then 'still_open'
            when int_opportunity_outcomes.close_date < opportunities_by_quarter.fiscal_quarter_start_date
                then 'pulled_out'
            else 'slipped'
        end as outcome,
        row_number() over (
            partition by opportunities_by_quarter.opportunity_id, opportunities_by_quarter.fiscal_quarter
            order by int_opportunity_outcomes.version_no desc
        ) as recency
    from opportunities_by_quarter
    inner join int_opportunity_outcomes
        on
            opportunities_by_quarter.opportunity_id = int_opportunity_outcomes.opportunity_id
            and opportunities_by_quarter.quarter_ends_at > int_opportunity_outcomes.valid_from

),

outcomes_by_quarter as (

    select
        {{ surrogate_key(['states.opportunity_id', 'states.fiscal_quarter']) }} as forecast_quarter_key,
        states.opportunity_id,
        dim_opportunity.opportunity_key,
        states.crm,
        states.pipeline_id,
        states.fiscal_quarter,
        states.fiscal_quarter_start_date,
        states.fiscal_quarter_end_date,
        states.is_quarter_complete,
        states.first_forecast_at,
        states.first_commit_at,
        states.outcome,
        case
            when states.outcome = 'deleted' then states.deleted_at
            when states.outcome in ('slipped', 'pulled_out') then states.quarter_ends_at
            when states.outcome <> 'still_open' then states.outcome_since
        end as outcome_at,
        states.outcome_amount,
        states.outcome_amount_original,
        states.currency_code,
        states.outcome_fx_rate,
        states.outcome_close_date,
        states.outcome_owner_id,
        states.outcome_owner_key,
        dim_opportunity.is_primary_record,
        dim_opportunity.crm = '{{ var("primary_crm") }}' or other_records.opportunity_id is null as was_primary_record,
        dim_opportunity.is_stage_trusted,
        dim_opportunity.untrusted_finding_keys
    from states_until_quarter_end as states
    inner join dim_opportunity
        on states.opportunity_id = dim_opportunity.opportunity_id
    -- a record made, or deleted, after the quarter changes nothing in it
    left join dim_opportunity as other_records
        on
            dim_opportunity.crosswalk_opportunity_id = other_records.opportunity_id
            and states.quarter_ends_at > other_records.created_at
            and states.quarter_ends_at <= coalesce(other_records.deleted_at, {{ end_of_time() }})
    where
        states.recency = 1
        and (states.first_forecast_at is not null or states.outcome = 'won')

)

select * from outcomes_by_quarter
