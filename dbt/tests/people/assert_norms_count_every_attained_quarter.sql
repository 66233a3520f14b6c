-- The norm is made of every whole, complete quarter in which someone with a quota reached it, and of no other.

with

agg_activity_norm as (

    select
        activity_type,
        sum(rep_quarter_count) as rep_quarter_count,
        sum(attaining_rep_quarter_count) as attaining_count
    from {{ ref('agg_activity_norm') }}
    group by activity_type

),

scorecards as (

    select
        count(*) as rep_quarter_count,
        sum(case when won_amount >= quota_amount then 1 else 0 end) as attaining_count
    from {{ ref('fct_rep_scorecard_quarterly') }}
    where
        is_quarter_complete
        and is_full_quarter
        and quota_amount > 0

)

select
    agg_activity_norm.activity_type,
    agg_activity_norm.attaining_count,
    scorecards.attaining_count as expected
from agg_activity_norm
cross join scorecards
where
    agg_activity_norm.rep_quarter_count <> scorecards.rep_quarter_count
    or agg_activity_norm.attaining_count <> scorecards.attaining_count
