{#- Carry forward: the newest value that is not null, up to and including this row. -#}
{% macro last_known(expression, partition_by, order_by) -%}
    {{ return(adapter.dispatch('last_known')(expression, partition_by, order_by)) }}
{%- endmacro %}

{% macro default__last_known(expression, partition_by, order_by) -%}
    last_value({{ expression }} ignore nulls) over (
        partition by {{ partition_by }}
        order by {{ order_by }}
        rows between unbounded preceding and current row
    )
{%- endmacro %}
