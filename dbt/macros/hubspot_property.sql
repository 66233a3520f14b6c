{#- Aggregate over the property history rows of one change: the new text of a property, '' when it was cleared,
    null when the change does not touch it. -#}
{% macro hubspot_property(property) -%}
    max(case when property_name = '{{ property }}' then coalesce(property_value, '') end)
{%- endmacro %}
