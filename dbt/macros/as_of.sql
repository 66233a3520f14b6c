{#-
    The instant of the run as a UTC timestamp, from the var as_of or else the environment variable CRM_AS_OF. Models
    compare with this, never with the clock. dbt parses the whole project anew whenever --vars differ from the run
    before; the environment, which is read here only while a model is compiled, spares a night that.
-#}
{% macro as_of() -%}
    {%- if not execute -%}
        cast(null as timestamp)
    {%- else -%}
        {%- set instant = var('as_of') or env_var('CRM_AS_OF', '') -%}
        {%- if not instant and flags.WHICH not in ('list', 'ls') -%}
            {{ exceptions.raise_compiler_error(
                "as_of is not set. Pass the upper bound of the last completed sync: "
                ~ "dbt build --vars '{as_of: \"2026-03-17 02:00:00\"}', or set CRM_AS_OF to it."
            ) }}
        {%- endif -%}
        cast('{{ instant }}' as timestamp)
    {%- endif -%}
{%- endmacro %}
