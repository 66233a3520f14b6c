with

int_deal_health_measures as (

    select * from {{ ref('int_deal_health_measures') }}

),

deal_health_signals as (

    select * from {{ ref('deal_health_signals') }}

),

{% set measures = [
    'stalled', 'overdue_close_date', 'pushed', 'no_activity', 'no_next_step', 'single_contact', 'no_decision_maker',
    'no_needs_assessment', 'no_business_case', 'backward_move', 'commit_without_activity', 'competitor_unanswered',
    'amount_cut', 'early_discount', 'crms_disagree'
] -%}
measured as (

    select
        int_deal_health_measures.opportunity_id,
        int_deal_health_measures.opportunity_key,
        int_deal_health_measures.crm,
        int_deal_health_measures.owner_key,
        int_deal_health_measures.account_key,
        int_deal_health_measures.amount,
        int_deal_health_measures.amount_original,
        int_deal_health_measures.currency_code,
        int_deal_health_measures.fx_rate,
        int_deal_health_measures.is_high_value,
        int_deal_health_measures.is_stage_trusted,
        int_deal_health_measures.untrusted_finding_keys,
        deal_health_signals.signal,
        deal_health_signals.signal_order,
        deal_health_signals.part,
        deal_health_signals.severity,
        deal_health_signals.points,
        deal_health_signals.comparison,
        deal_health_signals.unit,
        deal_health_signals.reason_template,
        deal_health_signals.recommended_action,
        cast(
            case deal_health_signals.signal
                {% for measure in measures -%}
                    when '{{ measure }}' then int_deal_health_measures.{{ measure }}
                {% endfor -%}
            end as decimal(18, 6)
        ) as measured_value,
        case deal_health_signals.signal
            when 'stalled' then int_deal_health_measures.stalled_after_days
            else deal_health_signals.threshold
        end as threshold,
        case deal_health_signals.signal
            when 'overdue_close_date' then cast(int_deal_health_measures.close_date as {{ dbt.type_string() }})
            when 'competitor_unanswered' then int_deal_health_measures.competitor
            when 'crms_disagree' then int_deal_health_measures.disagreements
            else coalesce(int_deal_health_measures.stage_label, int_deal_health_measures.source_stage_id)
        end as detail
    from int_deal_health_measures
    cross join deal_health_signals

),

scores as (

    select
        opportunity_id,
        cast(least(sum(points), 100) as integer) as score
    from measured
    where {{ exceeds_limit('comparison', 'measured_value', 'threshold') }}
    group by opportunity_id

),

-- one signal looks at what the others add up to
measured_with_score as (

    select
        measured.*,
        scores.score,
        case
            when measured.signal <> 'high_value_at_risk' then measured.measured_value
            when measured.is_high_value then cast(scores.score as decimal(18, 6))
        end as value_of_signal
    from measured
    inner join scores
        on measured.opportunity_id = scores.opportunity_id

),

signals as (

    select
        {{ surrogate_key(['opportunity_id', 'signal']) }} as deal_health_signal_key,
        opportunity_key,
        opportunity_id,
        crm,
        owner_key,
        account_key,
        signal,
        part,
        severity,
        value_of_signal as measured_value,
        threshold,
        unit,
        replace(
            replace(
                replace(
                    reason_template,
                    '{value}',
                    coalesce({{ amount_in_words('value_of_signal', 'unit') }}, '')
                ),
                '{threshold}',
                coalesce({{ amount_in_words('threshold', 'unit') }}, '')
            ),
            '{detail}',
            coalesce(detail, 'unknown')
        ) as reason,
        recommended_action,
        points,
        score,
        cast(
            row_number() over (
                partition by opportunity_id
                order by points desc, signal_order asc
            ) as integer
        ) as signal_rank,
        amount,
        amount_original,
        currency_code,
        fx_rate,
        is_high_value,
        is_stage_trusted,
        untrusted_finding_keys,
        {{ as_of() }} as as_of
    from measured_with_score
    where {{ exceeds_limit('comparison', 'value_of_signal', 'threshold') }}

)

select * from signals
