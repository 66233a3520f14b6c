{#- What became of a deal: open, won, or the class of its loss; a loss without a usable reason stays apart. -#}
{% macro outcome_class(is_closed='is_closed', is_won='is_won', loss_class='loss_class') -%}
    case
        when not {{ is_closed }} then 'open'
        when {{ is_won }} then 'won'
        when {{ loss_class }} = 'competitor' then 'lost_competitor'
        when {{ loss_class }} = 'no_decision' then 'no_decision'
        when {{ loss_class }} = 'other' then 'lost_other'
        else 'lost_unknown'
    end
{%- endmacro %}
