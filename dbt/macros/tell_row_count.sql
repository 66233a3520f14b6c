{#-
    Says in the model's result how many rows its table has, as dbt's own seeds do: whoever watches the build need not wait
    for its end to count them.
-#}
{% macro tell_row_count(row_count) %}
    {% do store_raw_result('main', message='CREATE ' ~ row_count, code='CREATE', rows_affected=row_count) %}
{% endmacro %}
