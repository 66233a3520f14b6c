with

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and is_primary_record

),

fct_deal_health_signal as (

    select * from {{ ref('fct_deal_health_signal') }}

),

parts as (

    select
        opportunity_id,
        count(*) as signal_count,
        sum(case when severity = 'high' then 1 else 0 end) as high_severity_count,
        {% for part in ['timing', 'engagement', 'process', 'value', 'record'] -%}
            sum(case when part = '{{ part }}' then points else 0 end) as {{ part }}_points,
        {% endfor -%}
        sum(points) as total_points,
        max(case when signal = 'high_value_at_risk' then 1 else 0 end) = 1 as is_high_value_at_risk,
        max(case when signal_rank = 1 then reason end) as first_reason,
        max(case when signal_rank = 1 then recommended_action end) as first_action,
        {{ dbt.listagg('signal', "', '", 'order by signal_rank') }} as signals
    from fct_deal_health_signal
    group by opportunity_id

),

deals as (

    select
        dim_opportunity.opportunity_key,
        dim_opportunity.opportunity_id,
        dim_opportunity.crm,
        dim_opportunity.opportunity_name,
        dim_opportunity.owner_key,
        dim_opportunity.account_key,
        dim_opportunity.canonical_stage,
        dim_opportunity.forecast_category,
        dim_opportunity.close_date,
        dim_opportunity.amount,
        dim_opportunity.amount_original,
        dim_opportunity.currency_code,
        dim_opportunity.fx_rate,
        cast(least(coalesce(parts.total_points, 0), 100) as integer) as score,
        cast(coalesce(parts.total_points, 0) as integer) as total_points,
        {% for part in ['timing', 'engagement', 'process', 'value', 'record'] -%}
            cast(coalesce(parts.{{ part }}_points, 0) as integer) as {{ part }}_points,
        {% endfor -%}
        cast(coalesce(parts.signal_count, 0) as integer) as signal_count,
        cast(coalesce(parts.high_severity_count, 0) as integer) as high_severity_count,
        coalesce(parts.is_high_value_at_risk, false) as is_high_value_at_risk,
        parts.signals,
        parts.first_reason,
        parts.first_action,
        dim_opportunity.is_stage_trusted,
        dim_opportunity.untrusted_finding_keys,
        dim_opportunity.as_of
    from dim_opportunity
    left join parts
        on dim_opportunity.opportunity_id = parts.opportunity_id

)

select * from deals
