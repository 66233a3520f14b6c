{#-
    The versions of a relation with whether they counted: a record that counts only since that of the primary CRM is gone
    did not count before, and its version of then is two. Adds is_counted, counted_from and counted_to (UTC, half-open;
    null where the version goes on). The relation has valid_from, valid_to, is_primary_record and primary_since, which is
    the beginning of time where it is null in dim_opportunity.
-#}
{% macro counted_stretches(versions) -%}
    select
        *,
        is_primary_record as is_counted,
        greatest(valid_from, primary_since) as counted_from,
        valid_to as counted_to
    from {{ versions }}
    where primary_since < coalesce(valid_to, {{ end_of_time() }})
    union all
    select
        *,
        false as is_counted,
        valid_from as counted_from,
        least(coalesce(valid_to, primary_since), primary_since) as counted_to
    from {{ versions }}
    where primary_since > valid_from
{%- endmacro %}
