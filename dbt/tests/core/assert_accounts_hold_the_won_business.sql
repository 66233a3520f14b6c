-- What accounts have won is what their won deals add up to, to the cent: by record, and each deal once by account.

with

records as (

    select
        account_id,
        counted_account_id,
        max(won_amount) as won_amount,
        max(counted_won_amount) as counted_won_amount
    from {{ ref('dim_account') }}
    group by
        account_id,
        counted_account_id

),

dim_account as (

    select
        coalesce(sum(won_amount), 0) as won_amount,
        coalesce(sum(case when account_id = counted_account_id then counted_won_amount end), 0) as counted_won_amount
    from records

),

dim_opportunity as (

    select
        coalesce(sum(amount), 0) as won_amount,
        coalesce(sum(case when is_primary_record then amount end), 0) as counted_won_amount
    from {{ ref('dim_opportunity') }}
    where
        is_won
        and not is_deleted
        and account_key is not null

)

select
    dim_account.won_amount as won_amount_of_accounts,
    dim_opportunity.won_amount,
    dim_account.counted_won_amount as counted_won_amount_of_accounts,
    dim_opportunity.counted_won_amount
from dim_account
cross join dim_opportunity
where
    dim_account.won_amount <> dim_opportunity.won_amount
    or dim_account.counted_won_amount <> dim_opportunity.counted_won_amount
