{#-
    For models that are materialized by_opportunity: leaves, of a relation with an opportunity_id, the rows of the
    opportunities that are built anew; `keyword` is `and` where there is a condition already. The materialization makes it
    hold for all rows where it builds all of them.
-#}
{% macro touched_only(fingerprints='int_opportunity_mart_fingerprints', keyword='where') -%}
    {%- if model.resource_type != 'unit_test' -%}
        {#- what the materialization compares has to be built before -#}
        {%- do ref(fingerprints) -%}
        {{ keyword }} {{ touched_condition() }}
    {%- endif -%}
{%- endmacro %}

{% macro touched_condition() -%}
    opportunity_id in (select opportunity_id from touched_opportunities)
{%- endmacro %}
