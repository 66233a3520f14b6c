{#-
    End of the 95 % Wilson interval of a share, as decimal(18, 6): side is '-' for the lower end, '+' for the upper one. Null when
    the denominator is 0. Unlike the textbook interval it stays within 0 and 1 and holds for small numbers and shares of 0 or 1.
-#}
{% macro wilson_bound(numerator, denominator, side) -%}
    {%- set share = '(cast(' ~ numerator ~ ' as double) / nullif(' ~ denominator ~ ', 0))' -%}
    {#- the square of 1.959964, the two-sided 95 % point of the normal distribution -#}
    {%- set squared = '3.841459' -%}
    cast(
        (
            {{ share }} + {{ squared }} / (2.0 * nullif({{ denominator }}, 0))
            {{ side }} 1.959964 * sqrt(
                {{ share }} * (1 - {{ share }}) / nullif({{ denominator }}, 0)
                + {{ squared }} / (4.0 * nullif({{ denominator }}, 0) * nullif({{ denominator }}, 0))
            )
        ) / (1 + {{ squared }} / nullif({{ denominator }}, 0))
        as decimal(18, 6)
    )
{%- endmacro %}
