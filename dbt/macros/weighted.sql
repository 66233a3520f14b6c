{#- Money times a probability, to the cent; null when either is null. -#}
{% macro weighted(amount, probability) -%}
    cast(round({{ amount }} * {{ probability }}, 2) as decimal(18, 2))
{%- endmacro %}
