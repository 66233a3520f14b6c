{#- A schema is named as the folder says, in every target: `marts.dim_users`, never `dev_marts.dim_users`. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
