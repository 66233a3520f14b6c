{#- Where a period begins of which nobody knows the beginning. -#}
{% macro beginning_of_time() -%}
    cast('1900-01-01' as timestamp)
{%- endmacro %}
