{#- Query with one row per day, column `date_day`, both ends included. -#}
{% macro calendar_days(first_day, last_day) -%}
    {{ return(adapter.dispatch('calendar_days')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__calendar_days(first_day, last_day) -%}
    select cast(days.day_start as date) as date_day
    from generate_series(
        cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval '1 day'
    ) as days (day_start)
{%- endmacro %}
