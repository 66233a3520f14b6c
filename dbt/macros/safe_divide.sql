{#- A rate as decimal(18, 6): null, not 0, when the denominator is 0 or null. -#}
{% macro safe_divide(numerator, denominator) -%}
    cast(
        cast({{ numerator }} as decimal(28, 6)) / nullif({{ denominator }}, 0)
        as decimal(18, 6)
    )
{%- endmacro %}
