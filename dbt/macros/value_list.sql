{#- Query with one row per text value, in the one column that it names. -#}
{% macro value_list(column, texts) -%}
    {%- for text in texts -%}
        select '{{ text }}' as {{ column }}
        {%- if not loop.last %}
    union all
    {% endif -%}
    {%- endfor -%}
{%- endmacro %}
