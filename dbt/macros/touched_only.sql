{#-
    For models that are materialized by_key: leaves, of a relation, the rows of the keys that are built anew. `key` is the
    column or expression that gives the model's key, `keyword` is `and` where there is a condition already. The
    materialization makes the condition hold for all rows where it builds all of them.
-#}
{% macro touched_only(fingerprints='int_opportunity_mart_fingerprints', keyword='where', key='opportunity_id') -%}
    {%- if model.resource_type != 'unit_test' -%}
        {#- what the materialization compares has to be built before -#}
        {%- do ref(fingerprints) -%}
        {{ keyword }} ({{ key }} {{ is_touched() }})
    {%- endif -%}
{%- endmacro %}

{% macro is_touched() -%}
    in (select touched_key from touched_keys)
{%- endmacro %}
