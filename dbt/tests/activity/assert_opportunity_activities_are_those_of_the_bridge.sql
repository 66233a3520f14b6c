-- Over all deals, what was done with them is every completed pair of the bridge, type by type; no gap is longer than
-- the silence.

with

fct_opportunity_activity as (

    select * from {{ ref('fct_opportunity_activity') }}

),

bridge_activity_opportunity as (

    select * from {{ ref('bridge_activity_opportunity') }}

),

fct_activity as (

    select * from {{ ref('fct_activity') }}

),

totals_of_both as (

    select
        sum(activity_count) as activity_delta,
        sum(call_count + meeting_count + email_in_count + email_out_count + task_count) as typed_delta,
        sum(case when max_gap_days > max_silence_days then 1 else 0 end) as gap_delta
    from fct_opportunity_activity
    union all
    select
        -count(*) as activity_delta,
        -count(*) as typed_delta,
        0 as gap_delta
    from bridge_activity_opportunity
    inner join fct_activity
        on bridge_activity_opportunity.activity_id = fct_activity.activity_id
    where
        fct_activity.is_completed
        and fct_activity.occurred_at <= {{ as_of() }}

)

select
    sum(activity_delta) as activity_difference,
    sum(typed_delta) as typed_difference,
    sum(gap_delta) as gaps_longer_than_silence
from totals_of_both
having
    coalesce(sum(activity_delta), 0) <> 0
    or coalesce(sum(typed_delta), 0) <> 0
    or coalesce(sum(gap_delta), 0) <> 0
