{#- Calendar day of a UTC timestamp in the var reporting_time_zone. -#}
{% macro reporting_day(utc_timestamp) -%}
    {{ return(adapter.dispatch('reporting_day')(utc_timestamp)) }}
{%- endmacro %}

{% macro default__reporting_day(utc_timestamp) -%}
    cast({{ utc_timestamp }} at time zone 'UTC' at time zone '{{ var("reporting_time_zone") }}' as date)
{%- endmacro %}

{% macro duckdb__reporting_day(utc_timestamp) -%}
    {%- if var('reporting_time_zone') == 'UTC' -%}
        cast({{ utc_timestamp }} as date)
    {%- else -%}
        cast(timezone('{{ var("reporting_time_zone") }}', timezone('UTC', {{ utc_timestamp }})) as date)
    {%- endif -%}
{%- endmacro %}
