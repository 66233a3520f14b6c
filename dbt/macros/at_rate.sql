{#- Money in the corporate currency at another rate, to the cent; what it is where that rate is unknown; 0 for none. -#}
{% macro at_rate(amount_original, fx_rate, amount) -%}
    coalesce(cast(round({{ amount_original }} * {{ fx_rate }}, 2) as decimal(18, 2)), {{ amount }}, 0)
{%- endmacro %}
