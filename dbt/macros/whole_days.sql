{#- Calendar days from one date to another: 1 from a day to the next, negative when it goes back. -#}
{% macro whole_days(from_date, to_date) -%}
    cast({{ dbt.datediff(from_date, to_date, 'day') | trim }} as integer)
{%- endmacro %}
