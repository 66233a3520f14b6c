{#- Order of the forecast categories, from the farthest from a booking to the booking itself. -#}
{% macro forecast_category_rank(forecast_category) -%}
    case {{ forecast_category }}
        when 'omitted' then 0
        when 'pipeline' then 1
        when 'best_case' then 2
        when 'commit' then 3
        when 'closed' then 4
    end
{%- endmacro %}
