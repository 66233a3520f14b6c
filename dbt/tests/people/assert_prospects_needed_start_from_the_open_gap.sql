-- People's weighted pipeline is that of the open deals which close in the quarters, and what is needed fills the gap:
-- the deals that it takes bring at least the missing amount, one fewer would not.

with

rpt_prospects_needed as (

    select * from {{ ref('rpt_prospects_needed') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and is_primary_record
        and not is_deleted
        and owner_key is not null

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

quarters as (

    select distinct fiscal_quarter
    from rpt_prospects_needed

),

totals_of_both as (

    select
        fiscal_quarter,
        weighted_amount as weighted_delta
    from rpt_prospects_needed
    where scope = 'user'
    union all
    select
        dim_date.fiscal_quarter,
        -coalesce(dim_opportunity.weighted_amount, 0) as weighted_delta
    from dim_opportunity
    inner join dim_date
        on dim_opportunity.close_date = dim_date.date_day
    inner join quarters
        on dim_date.fiscal_quarter = quarters.fiscal_quarter

)

select
    fiscal_quarter as subject,
    sum(weighted_delta) as difference
from totals_of_both
group by fiscal_quarter
having sum(weighted_delta) <> 0
union all
select
    prospects_needed_key as subject,
    gap_amount as difference
from rpt_prospects_needed
where
    gap_status = 'open'
    and (
        deals_needed * year_won_amount < gap_amount * won_with_amount_count
        or (deals_needed - 1) * year_won_amount >= gap_amount * won_with_amount_count
    )
