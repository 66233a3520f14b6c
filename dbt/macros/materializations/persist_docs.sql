{#-
    What the YAML says of a table and its columns, as DuckDB's comments, which BI tools show: in one statement after the
    table. dbt's own looks the columns up first; models here have a contract, so their columns are known.
-#}
{% macro duckdb__persist_docs(relation, model, for_relation=true, for_columns=true) -%}
    {%- if config.persist_relation_docs() or config.persist_column_docs() %}
        {% call statement('comments') -%}
            comment on {{ relation.type }} {{ relation }} is {{ dbt.string_literal(dbt.escape_single_quotes(model.description)) }};
            {%- for column in model.columns.values() %}
            comment on column {{ relation }}.{{ adapter.quote(column.name) }}
                is {{ dbt.string_literal(dbt.escape_single_quotes(column.description)) }};
            {%- endfor %}
        {%- endcall %}
    {%- endif %}
{%- endmacro %}
