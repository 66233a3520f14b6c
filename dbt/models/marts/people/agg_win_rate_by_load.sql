with

agg_rep_week_load as (

    select * from {{ ref('agg_rep_week_load') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_closed
        and is_primary_record
        and not is_deleted

),

-- whoever closed it, and what that person had open when the week began
closings as (

    select
        dim_opportunity.opportunity_id,
        dim_opportunity.is_won,
        coalesce(agg_rep_week_load.open_opportunity_count, 0) as open_opportunity_count
    from dim_opportunity
    inner join int_opportunity_outcomes
        on
            dim_opportunity.opportunity_id = int_opportunity_outcomes.opportunity_id
            and dim_opportunity.closed_at = int_opportunity_outcomes.valid_from
    inner join dim_date
        on {{ reporting_day('dim_opportunity.closed_at') }} = dim_date.date_day
    left join agg_rep_week_load
        on
            int_opportunity_outcomes.owner_key = agg_rep_week_load.user_key
            and dim_date.week_start_date = agg_rep_week_load.week_start_date
    where int_opportunity_outcomes.owner_key is not null

),

counts as (

    select
        open_opportunity_count,
        count(*) as closed_count,
        sum(case when is_won then 1 else 0 end) as won_count
    from closings
    group by open_opportunity_count

),

cumulated as (

    select
        *,
        coalesce(sum(closed_count) over (
            order by open_opportunity_count
            rows between unbounded preceding and 1 preceding
        ), 0) as closed_count_below,
        coalesce(sum(won_count) over (
            order by open_opportunity_count
            rows between unbounded preceding and 1 preceding
        ), 0) as won_count_below,
        sum(closed_count) over () as closed_count_all,
        sum(won_count) over () as won_count_all
    from counts

),

sides as (

    select
        *,
        closed_count_all - closed_count_below as closed_count_from,
        won_count_all - won_count_below as won_count_from,
        {{ safe_divide('won_count_below', 'closed_count_below') }} as win_rate_below,
        {{ safe_divide('won_count_all - won_count_below', 'closed_count_all - closed_count_below') }}
            as win_rate_from,
        {{ safe_divide('won_count_all', 'closed_count_all') }} as win_rate_all
    from cumulated

),

-- how many standard errors the two rates are apart, as if they were the same in truth
tested as (

    select
        *,
        cast(round(
            (win_rate_below - win_rate_from)
            / nullif(sqrt(
                cast(win_rate_all as double) * (1 - win_rate_all)
                * (1.0 / nullif(closed_count_below, 0) + 1.0 / nullif(closed_count_from, 0))
            ), 0),
            6
        ) as decimal(18, 6)) as standard_errors
    from sides

),

falls as (

    select
        *,
        coalesce(
            closed_count_below >= {{ var('capacity_min_closed') }}
            and closed_count_from >= {{ var('capacity_min_closed') }}
            and win_rate_below - win_rate_from >= {{ var('capacity_win_rate_drop') }}
            and standard_errors >= {{ var('capacity_standard_errors') }},
            false
        ) as is_clear
    from tested

),

win_rates as (

    select
        cast(open_opportunity_count as integer) as open_opportunity_count,
        cast(closed_count as integer) as closed_count,
        cast(won_count as integer) as won_count,
        {{ safe_divide('won_count', 'closed_count') }} as win_rate,
        cast(closed_count_below as integer) as closed_count_below,
        win_rate_below,
        cast(closed_count_from as integer) as closed_count_from,
        win_rate_from,
        standard_errors,
        -- the number that divides the deals most clearly, the lower one of equals
        is_clear and row_number() over (
            order by is_clear desc, standard_errors desc, open_opportunity_count asc
        ) = 1 as is_fall
    from falls

)

select * from win_rates
