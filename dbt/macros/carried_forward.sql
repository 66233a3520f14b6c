{#- A property of an opportunity as of a change: its newest value, null once it was cleared. -#}
{% macro carried_forward(column) -%}
    nullif({{ last_known(column, 'opportunity_id', 'changed_at, change_order') }}, '') as {{ column }}
{%- endmacro %}
