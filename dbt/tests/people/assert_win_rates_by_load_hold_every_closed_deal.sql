-- Every closed deal that someone owned when it was closed stands under one number of open deals.

with

agg_win_rate_by_load as (

    select
        sum(closed_count) as closed_count,
        sum(won_count) as won_count
    from {{ ref('agg_win_rate_by_load') }}

),

closed_deals as (

    select
        count(*) as closed_count,
        sum(case when dim_opportunity.is_won then 1 else 0 end) as won_count
    from {{ ref('dim_opportunity') }} as dim_opportunity
    inner join {{ ref('fct_opportunity_version') }} as fct_opportunity_version
        on
            dim_opportunity.opportunity_id = fct_opportunity_version.opportunity_id
            and dim_opportunity.closed_at = fct_opportunity_version.valid_from
    where
        dim_opportunity.is_closed
        and dim_opportunity.is_primary_record
        and not dim_opportunity.is_deleted
        and fct_opportunity_version.owner_key is not null

)

select
    agg_win_rate_by_load.closed_count as counted,
    closed_deals.closed_count as expected
from agg_win_rate_by_load
cross join closed_deals
where
    coalesce(agg_win_rate_by_load.closed_count, 0) <> closed_deals.closed_count
    or coalesce(agg_win_rate_by_load.won_count, 0) <> coalesce(closed_deals.won_count, 0)
