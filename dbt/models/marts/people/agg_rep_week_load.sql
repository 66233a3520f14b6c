with

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}
    where
        not is_closed
        and owner_key is not null

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where is_primary_record

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

weeks as (

    select
        date_day as week_start_date,
        {{ reporting_midnight('date_day') }} as week_starts_at
    from dim_date
    where
        date_day = week_start_date
        and {{ reporting_midnight('date_day') }} <= {{ as_of() }}

),

-- open and counted from one instant to another: two bounds, so that the weeks within are found by sorting
open_stretches as (

    select
        int_opportunity_outcomes.owner_key,
        int_opportunity_outcomes.amount,
        greatest(
            int_opportunity_outcomes.valid_from, coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }})
        ) as counts_from,
        coalesce(int_opportunity_outcomes.valid_to, {{ end_of_time() }}) as counts_to
    from int_opportunity_outcomes
    inner join dim_opportunity
        on int_opportunity_outcomes.opportunity_id = dim_opportunity.opportunity_id

),

open_opportunities as (

    select
        open_stretches.owner_key,
        weeks.week_start_date,
        open_stretches.amount,
        max(open_stretches.amount) over (
            partition by open_stretches.owner_key, weeks.week_start_date
        ) as largest_amount
    from open_stretches
    inner join weeks
        on
            open_stretches.counts_from <= weeks.week_starts_at
            and open_stretches.counts_to > weeks.week_starts_at

),

-- shares of the largest amount first, so that squares stay small whatever the currency
loads as (

    select
        owner_key,
        week_start_date,
        count(*) as open_opportunity_count,
        count(amount) as amount_count,
        sum(amount) as open_amount,
        max(largest_amount) as largest_amount,
        sum(cast(amount as double) / nullif(cast(largest_amount as double), 0)) as relative_sum,
        sum(
            (cast(amount as double) / nullif(cast(largest_amount as double), 0))
            * (cast(amount as double) / nullif(cast(largest_amount as double), 0))
        ) as relative_square_sum
    from open_opportunities
    group by
        owner_key,
        week_start_date

),

week_loads as (

    select
        {{ surrogate_key(['owner_key', 'week_start_date']) }} as rep_week_key,
        owner_key as user_key,
        week_start_date,
        cast(open_opportunity_count as integer) as open_opportunity_count,
        cast(amount_count as integer) as amount_count,
        cast(coalesce(open_amount, 0) as decimal(18, 2)) as open_amount,
        cast(largest_amount as decimal(18, 2)) as largest_amount,
        -- 1 / sum(share^2), where a share is an amount over the sum of the amounts
        cast(round(relative_sum * relative_sum / relative_square_sum, 6) as decimal(18, 6))
            as effective_opportunity_count,
        {{ safe_divide('largest_amount', 'open_amount') }} as largest_opportunity_share
    from loads

)

select * from week_loads
