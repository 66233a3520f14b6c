-- The joins to deal, state and role neither lose an activity nor double its minutes.

with

fct_activity as (

    select * from {{ ref('fct_activity') }}

),

int_activities_conformed as (

    select * from {{ ref('int_activities_conformed') }}

),

totals_of_both as (

    select
        activity_type,
        crm,
        1 as row_delta,
        coalesce(minutes, 0) as minutes_delta
    from fct_activity
    union all
    select
        activity_type,
        crm,
        -1 as row_delta,
        -coalesce(minutes, 0) as minutes_delta
    from int_activities_conformed
    where not is_deleted

),

differences as (

    select
        activity_type,
        crm,
        sum(row_delta) as row_difference,
        sum(minutes_delta) as minutes_difference
    from totals_of_both
    group by
        activity_type,
        crm
    having
        sum(row_delta) <> 0
        or sum(minutes_delta) <> 0

)

select * from differences
