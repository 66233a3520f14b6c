{#- Money in a sentence: whole units with thousands separators and the corporate currency; `no amount` for null. -#}
{% macro money_text(amount) -%}
    coalesce({{ adapter.dispatch('grouped_digits')('cast(round(' ~ amount ~ ', 0) as bigint)') }}
    || ' {{ var("corporate_currency") }}', 'no amount')
{%- endmacro %}

{% macro default__grouped_digits(integer_expression) -%}
    trim(to_char({{ integer_expression }}, '999,999,999,999,990'))
{%- endmacro %}

{% macro duckdb__grouped_digits(integer_expression) -%}
    format('{:,}', {{ integer_expression }})
{%- endmacro %}
