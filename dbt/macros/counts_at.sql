{#-
    Whether the deal of dim_opportunity counted at an instant: its record is the one that counts of a deal in both CRMs,
    and was already then. A record that counts only since that of the primary CRM is gone did not count before. The same
    for periods: counted_stretches.
-#}
{% macro counts_at(instant) -%}
    dim_opportunity.is_primary_record
    and {{ instant }} >= coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }})
{%- endmacro %}
