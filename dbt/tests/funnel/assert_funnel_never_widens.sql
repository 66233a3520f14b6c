-- From stage to stage fewer deals are left, never more; what a rate divides is a part of what it divides by.

with

rpt_funnel_stages as (

    select * from {{ ref('rpt_funnel_stages') }}

),

stages_with_previous as (

    select
        *,
        lag(reached_count) over (
            partition by crm, pipeline_id
            order by canonical_stage
        ) as previous_reached_count
    from rpt_funnel_stages

),

widenings as (

    select
        crm,
        pipeline_id,
        canonical_stage
    from stages_with_previous
    where
        reached_count > previous_reached_count
        or mature_reached_count > reached_count
        or mature_reached_next_count > mature_reached_count
        or mature_observed_count > observed_count
        or mature_observed_next_count > mature_observed_count
        or lost_here_count > mature_reached_count - mature_reached_next_count

)

select * from widenings
