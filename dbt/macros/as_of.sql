{#- The instant of the run as a UTC timestamp. Models compare with this, never with the clock. -#}
{% macro as_of() -%}
    {%- set instant = var('as_of') -%}
    {%- if not instant and execute and flags.WHICH not in ('parse', 'list', 'ls') -%}
        {{ exceptions.raise_compiler_error(
            "The var as_of is empty. Pass the upper bound of the last completed sync: "
            ~ "dbt build --vars '{as_of: \"2026-03-17 02:00:00\"}'"
        ) }}
    {%- endif -%}
    cast('{{ instant }}' as timestamp)
{%- endmacro %}
