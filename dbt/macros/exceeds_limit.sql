{#- True where a value is past its limit in the sense of `comparison` (above, at_least, below); null without a value. -#}
{% macro exceeds_limit(comparison, value, limit) -%}
    case {{ comparison }}
            when 'above' then {{ value }} > {{ limit }}
            when 'at_least' then {{ value }} >= {{ limit }}
            when 'below' then {{ value }} < {{ limit }}
        end
{%- endmacro %}

{#- A value as it stands in a sentence: whole days, counts and scores, shares in percent. -#}
{% macro amount_in_words(value, unit) -%}
    case {{ unit }}
                        when 'share' then cast(cast(round({{ value }} * 100) as integer) as {{ dbt.type_string() }}) || ' %'
                        else cast(cast(floor({{ value }}) as integer) as {{ dbt.type_string() }})
                    end
{%- endmacro %}
