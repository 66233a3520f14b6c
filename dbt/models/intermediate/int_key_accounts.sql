-- An account that both CRMs hold is one: the record in the var primary_crm stands for both.

with

dim_account as (

    select * from {{ ref('dim_account') }}

),

accounts as (

    select
        counted_account_id as account_id,
        min(case when is_current then key_since end) as key_since,
        min(valid_from) as valid_from
    from dim_account
    group by counted_account_id
    having max(case when is_key_account and is_current then 1 else 0 end) = 1

),

records as (

    select distinct
        account_id as record_account_id,
        counted_account_id as account_id
    from dim_account

),

key_accounts as (

    select
        records.record_account_id,
        records.account_id,
        accounts.key_since,
        accounts.valid_from
    from records
    inner join accounts
        on records.account_id = accounts.account_id

)

select * from key_accounts
