{#-
    A table in one transaction, replaced where it stands. dbt's own builds a second table, renames both and drops the
    old one after the commit: four statements and a window without the old table's name, some seventy times a night. Who
    fails here leaves yesterday's table as it was.
-#}
{% materialization table, adapter='duckdb' %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing_relation is not none and not existing_relation.is_table %}
        {{ adapter.drop_relation(existing_relation) }}
    {% endif %}

    {% call statement('main', fetch_result=True) -%}
        {{ create_or_replace_table_as(target_relation, sql) }}
    {%- endcall %}
    {% do tell_row_count(load_result('main').data[0][0]) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Rows of `sql` as `relation`; under a contract, with the columns and constraints that it names. -#}
{% macro create_or_replace_table_as(relation, sql) %}
    {%- if config.get('contract').enforced %}
        {{ get_assert_columns_equivalent(sql) }}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} {{ get_column_names() }} (
            {{ get_select_subquery(sql) }}
        );
    {%- else %}
        create or replace table {{ relation }} as (
            {{ sql }}
        );
    {%- endif %}
{% endmacro %}
