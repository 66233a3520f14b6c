{#- The instant, in UTC, at which a calendar day begins in the var reporting_time_zone. -#}
{% macro reporting_midnight(calendar_day) -%}
    {{ return(adapter.dispatch('reporting_midnight')(calendar_day)) }}
{%- endmacro %}

{% macro default__reporting_midnight(calendar_day) -%}
    cast({{ calendar_day }} as timestamp) at time zone '{{ var("reporting_time_zone") }}' at time zone 'UTC'
{%- endmacro %}

{% macro duckdb__reporting_midnight(calendar_day) -%}
    {%- if var('reporting_time_zone') == 'UTC' -%}
        cast({{ calendar_day }} as timestamp)
    {%- else -%}
        timezone('UTC', timezone('{{ var("reporting_time_zone") }}', cast({{ calendar_day }} as timestamp)))
    {%- endif -%}
{%- endmacro %}
