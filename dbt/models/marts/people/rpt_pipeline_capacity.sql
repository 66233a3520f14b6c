with

agg_rep_week_load as (

    select * from {{ ref('agg_rep_week_load') }}

),

agg_win_rate_by_load as (

    select * from {{ ref('agg_win_rate_by_load') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}

),

falls as (

    select min(open_opportunity_count) as falling_win_rate_count
    from agg_win_rate_by_load
    where is_fall

),

capacities as (

    select
        agg_rep_week_load.rep_week_key,
        agg_rep_week_load.user_key,
        agg_rep_week_load.week_start_date,
        coalesce(dim_user.role_family, 'unknown') as role_family,
        dim_user.manager_key,
        agg_rep_week_load.open_opportunity_count,
        agg_rep_week_load.amount_count,
        agg_rep_week_load.open_amount,
        agg_rep_week_load.effective_opportunity_count,
        agg_rep_week_load.largest_amount,
        agg_rep_week_load.largest_opportunity_share,
        cast(falls.falling_win_rate_count as integer) as falling_win_rate_count,
        agg_rep_week_load.open_opportunity_count >= falls.falling_win_rate_count as is_over_capacity
    from agg_rep_week_load
    cross join falls
    left join dim_user
        on
            agg_rep_week_load.user_key = dim_user.user_key
            and {{ reporting_midnight('agg_rep_week_load.week_start_date') }} >= dim_user.valid_from
            and {{ reporting_midnight('agg_rep_week_load.week_start_date') }}
            < coalesce(dim_user.valid_to, {{ end_of_time() }})

)

select * from capacities
