{#- Generic test: half-open periods of one key do not overlap, and none ends before it begins. -#}
{% test no_overlap(model, columns, valid_from='valid_from', valid_to='valid_to') %}
    with

    periods_with_next as (

        select
            {{ columns | join(', ') }},
            {{ valid_from }} as period_from,
            {{ valid_to }} as period_to,
            lead({{ valid_from }}) over (
                partition by {{ columns | join(', ') }}
                order by {{ valid_from }}
            ) as next_period_from
        from {{ model }}

    )

    select * from periods_with_next
    where
        period_to <= period_from
        or period_to > next_period_from
        or (period_to is null and next_period_from is not null)
{% endtest %}
