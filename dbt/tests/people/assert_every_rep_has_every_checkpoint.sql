-- Each scorecard gives one checkpoint per indicator of the seed, coverage in the running quarter only; what misses its
-- target has a topic, and nothing else has.

with

fct_coaching_checkpoint as (

    select * from {{ ref('fct_coaching_checkpoint') }}

),

fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}

),

coaching_indicators as (

    select * from {{ ref('coaching_indicators') }}

)

select
    fct_rep_scorecard_quarterly.rep_quarter_key,
    coaching_indicators.indicator,
    fct_coaching_checkpoint.status
from fct_rep_scorecard_quarterly
cross join coaching_indicators
left join fct_coaching_checkpoint
    on
        fct_rep_scorecard_quarterly.rep_quarter_key = fct_coaching_checkpoint.rep_quarter_key
        and coaching_indicators.indicator = fct_coaching_checkpoint.indicator
where
    (fct_coaching_checkpoint.status is null)
    <> (coaching_indicators.indicator = 'coverage' and fct_rep_scorecard_quarterly.is_quarter_complete)
    or (fct_coaching_checkpoint.status in ('watch', 'behind'))
    <> (fct_coaching_checkpoint.suggested_topic is not null and fct_coaching_checkpoint.evidence is not null)
