-- The open deals and amounts of the funnel are those of dim_opportunity in a mapped stage of the road, to the
-- cent.

with

rpt_funnel_stages as (

    select * from {{ ref('rpt_funnel_stages') }}
    where
        crm = 'all'
        and pipeline_id = 'all'

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and is_primary_record
        and not is_deleted
        and canonical_stage between 1 and 7

),

open_in_funnel as (

    select
        coalesce(sum(open_count), 0) as open_count,
        coalesce(sum(open_amount), 0) as open_amount,
        coalesce(sum(open_without_amount_count), 0) as open_without_amount_count,
        coalesce(sum(untrusted_open_amount), 0) as untrusted_open_amount
    from rpt_funnel_stages

),

open_pipeline as (

    select
        count(*) as open_count,
        coalesce(sum(amount), 0) as open_amount,
        count(*) - count(amount) as open_without_amount_count,
        coalesce(sum(case when not is_stage_trusted then amount end), 0) as untrusted_open_amount
    from dim_opportunity

),

differences as (

    select
        open_in_funnel.open_count,
        open_pipeline.open_count as expected_count,
        open_in_funnel.open_amount,
        open_pipeline.open_amount as expected_amount
    from open_in_funnel
    cross join open_pipeline
    where
        open_in_funnel.open_count <> open_pipeline.open_count
        or open_in_funnel.open_amount <> open_pipeline.open_amount
        or open_in_funnel.open_without_amount_count <> open_pipeline.open_without_amount_count
        or open_in_funnel.untrusted_open_amount <> open_pipeline.untrusted_open_amount

)

select * from differences
