{#- Day of the week of a date: 1 is Monday, 7 is Sunday. -#}
{% macro iso_day_of_week(date_day) -%}
    cast(extract(isodow from {{ date_day }}) as integer)
{%- endmacro %}
