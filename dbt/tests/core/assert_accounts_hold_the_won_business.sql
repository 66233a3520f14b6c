-- What accounts have won is what their won deals add up to, to the cent.

with

dim_account as (

    select coalesce(sum(won_amount), 0) as won_amount
    from {{ ref('dim_account') }}

),

dim_opportunity as (

    select coalesce(sum(amount), 0) as won_amount
    from {{ ref('dim_opportunity') }}
    where
        is_won
        and not is_deleted
        and account_key is not null

)

select
    dim_account.won_amount as won_amount_of_accounts,
    dim_opportunity.won_amount
from dim_account
cross join dim_opportunity
where dim_account.won_amount <> dim_opportunity.won_amount
