with

agg_rep_indicator as (

    select * from {{ ref('agg_rep_indicator') }}

),

coaching_indicators as (

    select * from {{ ref('coaching_indicators') }}

),

agg_role_benchmark as (

    select * from {{ ref('agg_role_benchmark') }}

),

fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}

),

targets as (

    select
        agg_rep_indicator.*,
        previous_indicators.actual as previous_actual,
        scorecards.manager_key,
        scorecards.is_quarter_complete,
        scorecards.fiscal_quarter_end_date,
        scorecards.coverage_status,
        coaching_indicators.indicator_type,
        coaching_indicators.label,
        coaching_indicators.is_higher_better,
        coaching_indicators.target_rule,
        coaching_indicators.tolerance,
        coaching_indicators.min_count,
        coaching_indicators.topic,
        cast(
            case coaching_indicators.target_rule
                when 'fixed' then coaching_indicators.fixed_target
                when 'norm' then scorecards.norm_weekly_activities
                when 'role_median' then agg_role_benchmark.benchmark
            end
            * case
                when coaching_indicators.is_cumulative
                    then
                        scorecards.present_weeks * 7
                        / ({{ whole_days(
                            'scorecards.fiscal_quarter_start_date', 'scorecards.fiscal_quarter_end_date'
                        ) }} + 1)
                else 1
            end as decimal(18, 6)
        ) as target
    from agg_rep_indicator
    inner join coaching_indicators
        on agg_rep_indicator.indicator = coaching_indicators.indicator
    inner join fct_rep_scorecard_quarterly as scorecards
        on agg_rep_indicator.rep_quarter_key = scorecards.rep_quarter_key
    left join agg_role_benchmark
        on
            agg_rep_indicator.fiscal_quarter = agg_role_benchmark.fiscal_quarter
            and agg_rep_indicator.role_family = agg_role_benchmark.role_family
            and agg_rep_indicator.indicator = agg_role_benchmark.indicator
    left join agg_rep_indicator as previous_indicators
        on
            agg_rep_indicator.user_key = previous_indicators.user_key
            and agg_rep_indicator.indicator = previous_indicators.indicator
            and agg_rep_indicator.quarter_no - 1 = previous_indicators.quarter_no
    -- once a quarter is over nothing that is open can still fill its gap
    where agg_rep_indicator.indicator <> 'coverage' or not scorecards.is_quarter_complete

),

gaps as (

    select
        *,
        cast(actual - target as decimal(18, 6)) as gap,
        -- how far it is on the wrong side, as a share of the target
        case
            when is_higher_better then {{ safe_divide('target - actual', 'target') }}
            else {{ safe_divide('actual - target', 'target') }}
        end as shortfall
    from targets

),

statuses as (

    select
        *,
        case
            when indicator = 'coverage' and coverage_status = 'met' then 'on_track'
            when actual is null or target is null then 'unknown'
            when actual_count < min_count then 'too_few'
            when shortfall is null or shortfall <= 0 then 'on_track'
            when shortfall <= tolerance then 'watch'
            else 'behind'
        end as status,
        cast(cast(actual as decimal(18, 2)) as varchar) as actual_text,
        cast(cast(target as decimal(18, 2)) as varchar) as target_text,
        ', ' || cast(cast(previous_actual as decimal(18, 2)) as varchar) || ' in the quarter before' as previous_text
    from gaps

),

checkpoints as (

    select
        rep_indicator_key as coaching_checkpoint_key,
        rep_quarter_key,
        manager_key,
        user_key,
        fiscal_quarter,
        is_quarter_complete,
        indicator,
        indicator_type,
        actual,
        actual_count,
        target,
        target_rule,
        previous_actual,
        cast(actual - previous_actual as decimal(18, 6)) as change_from_previous,
        gap,
        shortfall,
        status,
        case when status in ('watch', 'behind') then topic end as suggested_topic,
        case
            when status in ('watch', 'behind')
                then label || ': ' || actual_text || ' against ' || target_text || coalesce(previous_text, '')
        end as evidence,
        cast(
            {{ dbt.dateadd('day', var('coaching_due_days'), 'fiscal_quarter_end_date') }} as date
        ) as due_date
    from statuses

)

select * from checkpoints
