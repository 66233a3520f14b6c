{#- Aggregate: the value below which a share (0 to 1) of the values lies, interpolated; nulls are left out. -#}
{% macro percentile(expression, share) -%}
    percentile_cont({{ share }}) within group (order by {{ expression }})
{%- endmacro %}
