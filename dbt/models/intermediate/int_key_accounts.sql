-- An account that both CRMs hold is one: the record in the var primary_crm stands for both.

with

dim_account as (

    select * from {{ ref('dim_account') }}

),

records as (

    select
        dim_account.account_id as record_account_id,
        case
            when other_records.account_id is not null and dim_account.crm <> '{{ var("primary_crm") }}'
                then other_records.account_id
            else dim_account.account_id
        end as account_id,
        dim_account.is_key_account,
        dim_account.key_account_rule,
        dim_account.key_since,
        dim_account.is_deleted,
        dim_account.valid_from
    from dim_account
    left join dim_account as other_records
        on
            dim_account.crosswalk_account_id = other_records.account_id
            and not other_records.is_deleted

),

accounts as (

    select
        account_id,
        min(key_since) as key_since,
        min(valid_from) as valid_from
    from records
    group by account_id
    having max(case when is_key_account and not is_deleted then 1 else 0 end) = 1

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
