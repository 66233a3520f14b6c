{#- Aggregate: one string for a set of rows, whatever their order. Equal sets give equal strings; the string may
    change with the engine's version, which costs one recomputation and nothing else. -#}
{% macro row_set_fingerprint(columns) -%}
    {{ return(adapter.dispatch('row_set_fingerprint')(columns)) }}
{%- endmacro %}

{% macro default__row_set_fingerprint(columns) -%}
    {{ dbt.hash(dbt.listagg(surrogate_key(columns), "','", "order by " ~ surrogate_key(columns))) }}
{%- endmacro %}

{% macro duckdb__row_set_fingerprint(columns) -%}
    cast(count(*) as varchar) || '-' || cast(sum(cast(hash({{ columns | join(', ') }}) as hugeint)) as varchar)
{%- endmacro %}
