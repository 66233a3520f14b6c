-- The parts of every score add up to the points of its signals, and the score is that, 100 at most.

with

rpt_deal_health as (

    select * from {{ ref('rpt_deal_health') }}

),

signals as (

    select
        opportunity_id,
        sum(points) as points,
        max(score) as score
    from {{ ref('fct_deal_health_signal') }}
    group by opportunity_id

)

select
    rpt_deal_health.opportunity_id,
    rpt_deal_health.score,
    rpt_deal_health.total_points
from rpt_deal_health
left join signals
    on rpt_deal_health.opportunity_id = signals.opportunity_id
where
    rpt_deal_health.total_points <> coalesce(signals.points, 0)
    or rpt_deal_health.score <> coalesce(signals.score, 0)
    or rpt_deal_health.score not between 0 and 100
    or rpt_deal_health.total_points
    <> rpt_deal_health.timing_points + rpt_deal_health.engagement_points + rpt_deal_health.process_points
    + rpt_deal_health.value_points + rpt_deal_health.record_points
