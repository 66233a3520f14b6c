-- Wherever a row is of one deal, its money in the corporate currency is the money in the deal's own currency at the
-- rate beside it, to the cent, and is missing where either of them is. A movement of the waterfall that is an edit is
-- the difference of two amounts, each rounded to the cent.

{% set money = [
    ('dim_opportunity', '', ''),
    ('fct_opportunity_version', '', ''),
    ('fct_opportunity_event', '', ''),
    ('fct_deal_health_signal', '', ''),
    ('rpt_deal_health', '', ''),
    ('fct_forecast_snapshot', '', ''),
    ('fct_forecast_quarter', 'outcome_', ''),
    ('fct_forecast_outcome', '', ''),
    ('fct_forecast_outcome', 'outcome_', ''),
    ('fct_funnel', '', ''),
    ('fct_lead_conversion', 'opportunity_', ''),
    ('rpt_pipeline_digest', '', ''),
    ('rpt_pipeline_digest', '', '_before'),
    ('fct_pipeline_change', 'from_', ''),
    ('fct_pipeline_change', 'to_', ''),
] -%}
with

amounts as (

    {% for mart, before, after in money -%}
        select
            '{{ mart }}.{{ before }}amount{{ after }}' as column_name,
            {{ before }}amount{{ after }} as corporate_amount,
            {{ before }}amount_original{{ after }} as own_amount,
            {{ before }}fx_rate{{ after }} as conversion_rate,
            0 as rounding
        from {{ ref(mart) }}
        union all
    {% endfor -%}
    select
        'fct_pipeline_change.amount_delta' as column_name,
        amount_delta as corporate_amount,
        amount_original_delta as own_amount,
        fx_rate as conversion_rate,
        case when category in ('increased', 'decreased') then 0.01 else 0 end as rounding
    from {{ ref('fct_pipeline_change') }}
    -- there is no rate that a change of the rate, of the currency, or from or to an unknown rate is at
    where
        category <> 'revalued'
        and amount_original_delta is not null
        and fx_rate is not null

)

select * from amounts
where
    abs(corporate_amount - cast(round(own_amount * conversion_rate, 2) as decimal(18, 2))) > rounding
    or case when corporate_amount is null then 1 else 0 end
    <> case when own_amount is null or conversion_rate is null then 1 else 0 end
