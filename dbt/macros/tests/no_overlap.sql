{#-
    Generic test: half-open periods of one key do not overlap, and none ends before it begins. may_be_empty allows one that ends
    as it begins: a record that a CRM made and deleted in one second.
-#}
{% test no_overlap(model, columns, valid_from='valid_from', valid_to='valid_to', may_be_empty=false) %}
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
        period_to {{ '<' if may_be_empty else '<=' }} period_from
        or period_to > next_period_from
        or (period_to is null and next_period_from is not null)
{% endtest %}
