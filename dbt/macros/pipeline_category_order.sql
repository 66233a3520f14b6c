{#- Place of a category in the waterfall of the pipeline: from what there was at the start to what is left at the end. -#}
{% macro pipeline_category_order(category) -%}
    case {{ category }}
        {%- for name in [
            'start', 'created', 'pulled_in', 'pushed_in', 'reopened', 'transferred_in', 'increased', 'decreased', 'revalued',
            'won', 'lost_competitor', 'no_decision', 'lost_other', 'lost_unknown', 'pushed_out', 'pulled_out',
            'transferred_out', 'deleted', 'end'
        ] %}
            when '{{ name }}' then {{ loop.index0 }}
        {%- endfor %}
    end
{%- endmacro %}
