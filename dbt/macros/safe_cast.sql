{#- dbt's own safe_cast is a plain, failing cast on DuckDB. -#}
{% macro duckdb__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ type }})
{%- endmacro %}
