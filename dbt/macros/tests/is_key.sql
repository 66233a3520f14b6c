{#-
    Generic test: the column, or the columns together, name a row: none of them is null, and no two rows share all of
    them. One test where `unique` and `not_null` would be two or more.
-#}
{% test is_key(model, column_name=none, columns=none) %}
    {%- set key_columns = columns or [column_name] %}
    select
        {{ key_columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by {{ key_columns | join(', ') }}
    having
        count(*) > 1
        {%- for key_column in key_columns %}
        or {{ key_column }} is null
        {%- endfor %}
{% endtest %}
