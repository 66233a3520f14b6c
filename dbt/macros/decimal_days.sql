{#- Time from one timestamp to another in decimal days; null when either is null. -#}
{% macro decimal_days(from_timestamp, to_timestamp) -%}
    cast(
        {{ dbt.datediff(from_timestamp, to_timestamp, 'millisecond') }} / 86400000.0
        as decimal(18, 6)
    )
{%- endmacro %}
