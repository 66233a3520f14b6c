-- The bookings of all quarters of key accounts are the won deals of their records, each deal once.

with

quarters as (

    select
        coalesce(sum(bookings_amount), 0) as bookings_amount,
        coalesce(sum(won_count), 0) as won_count
    from {{ ref('fct_key_account_quarterly') }}

),

won_opportunities as (

    select
        coalesce(sum(dim_opportunity.amount), 0) as bookings_amount,
        count(*) as won_count
    from {{ ref('dim_opportunity') }} as dim_opportunity
    inner join {{ ref('int_key_accounts') }} as int_key_accounts
        on dim_opportunity.account_id = int_key_accounts.record_account_id
    where
        dim_opportunity.is_won
        and dim_opportunity.is_primary_record
        and not dim_opportunity.is_deleted
        and dim_opportunity.closed_at is not null

)

select
    quarters.bookings_amount,
    won_opportunities.bookings_amount as bookings_of_deals
from quarters
cross join won_opportunities
where
    quarters.bookings_amount <> won_opportunities.bookings_amount
    or quarters.won_count <> won_opportunities.won_count
