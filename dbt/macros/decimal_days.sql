{#- Time from one timestamp to another in decimal days, to the millisecond; null when either is null. -#}
{% macro decimal_days(from_timestamp, to_timestamp) -%}
    cast({{ dbt.datediff(from_timestamp, to_timestamp, 'millisecond') | trim }} / 86400000.0 as decimal(18, 6))
{%- endmacro %}

{#- The same in minutes. -#}
{% macro decimal_minutes(from_timestamp, to_timestamp) -%}
    cast({{ dbt.datediff(from_timestamp, to_timestamp, 'millisecond') | trim }} / 60000.0 as decimal(18, 2))
{%- endmacro %}
