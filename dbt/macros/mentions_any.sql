{#- True where a text holds one of the given phrases, in any case; null where there is no text. -#}
{% macro mentions_any(text, phrases) -%}
    (
        {%- for phrase in phrases %}
        lower({{ text }}) like '%{{ phrase | lower }}%'
        {%- if not loop.last %} or{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{#- The same, but for whole words: "cto" is not in "director". -#}
{% macro mentions_any_word(text, words) -%}
    (
        {%- for word in words %}
        ' ' || replace(lower({{ text }}), ',', ' ') || ' ' like '% {{ word | lower }} %'
        {%- if not loop.last %} or{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
