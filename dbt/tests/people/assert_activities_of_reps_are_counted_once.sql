-- What people did in a quarter is, per person, what fct_activity has of them; `all` is the sum of the types.

with

agg_rep_quarter_activity as (

    select * from {{ ref('agg_rep_quarter_activity') }}

),

fct_activity as (

    select * from {{ ref('fct_activity') }}
    where
        is_completed
        and occurred_at <= {{ as_of() }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

-- managers and service people do not sell: their activities are in fct_activity alone
rep_quarters as (

    select distinct
        user_key,
        fiscal_quarter
    from agg_rep_quarter_activity

),

totals_of_both as (

    select
        user_key,
        fiscal_quarter,
        case when activity_type = 'all' then activity_count else 0 end as all_delta,
        case when activity_type = 'all' then -activity_count else activity_count end as type_delta
    from agg_rep_quarter_activity
    union all
    select
        fct_activity.owner_key as user_key,
        dim_date.fiscal_quarter,
        -1 as all_delta,
        0 as type_delta
    from fct_activity
    inner join dim_date
        on {{ reporting_day('fct_activity.occurred_at') }} = dim_date.date_day
    inner join rep_quarters
        on
            fct_activity.owner_key = rep_quarters.user_key
            and dim_date.fiscal_quarter = rep_quarters.fiscal_quarter

)

select
    user_key,
    fiscal_quarter,
    sum(all_delta) as all_difference,
    sum(type_delta) as type_difference
from totals_of_both
group by
    user_key,
    fiscal_quarter
having
    sum(all_delta) <> 0
    or sum(type_delta) <> 0
