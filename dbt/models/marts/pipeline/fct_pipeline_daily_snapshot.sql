{{ config(materialized='view') }}

-- without the database's name, so that the view works in every file that it is copied to
with

fct_pipeline_balance_change as (

    select * from {{ ref('fct_pipeline_balance_change').include(database=false) }}

),

dim_date as (

    select * from {{ ref('dim_date').include(database=false) }}

),

daily_snapshots as (

    select
        dim_date.date_day as snapshot_date,
        balances.pipeline_slice_key,
        balances.crm,
        balances.pipeline_id,
        balances.owner_id,
        balances.owner_key,
        balances.stage_key,
        balances.canonical_stage,
        balances.forecast_category,
        balances.close_fiscal_quarter,
        balances.close_fiscal_quarter_start_date,
        balances.is_primary_record,
        balances.open_opportunity_count,
        balances.open_amount,
        balances.weighted_amount,
        balances.default_weighted_amount,
        balances.without_amount_count,
        balances.untrusted_open_amount
    from fct_pipeline_balance_change as balances
    inner join dim_date
        on
            balances.valid_from_date <= dim_date.date_day
            and dim_date.date_day < coalesce(balances.valid_to_date, cast({{ end_of_time() }} as date))
    where
        dim_date.date_day <= {{ reporting_day(as_of()) }}
        and balances.open_opportunity_count <> 0

)

select * from daily_snapshots
