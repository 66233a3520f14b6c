with

int_accounts_conformed as (

    select * from {{ ref('int_accounts_conformed') }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

won_opportunities as (

    select
        account_id,
        closed_at,
        amount,
        sum(amount) over (
            partition by account_id
            order by closed_at, opportunity_id
            rows between unbounded preceding and current row
        ) as won_amount_so_far
    from int_opportunities_conformed
    where
        is_won
        and not is_deleted
        and account_id is not null

),

won_by_account as (

    select
        account_id,
        cast(sum(amount) as decimal(18, 2)) as won_amount,
        min(
            case when won_amount_so_far >= {{ var('key_account_won_amount') }} then closed_at end
        ) as won_amount_reached_at
    from won_opportunities
    group by account_id

),

accounts_with_rule as (

    select
        int_accounts_conformed.*,
        won_by_account.won_amount,
        won_by_account.won_amount_reached_at,
        case
            when won_by_account.won_amount_reached_at is not null then 'won_amount'
            when
                int_accounts_conformed.annual_revenue >= {{ var('key_account_annual_revenue') }}
                then 'annual_revenue'
        end as key_account_rule
    from int_accounts_conformed
    left join won_by_account
        on int_accounts_conformed.account_id = won_by_account.account_id

),

accounts as (

    select
        {{ surrogate_key(['accounts_with_rule.account_id', 'accounts_with_rule.created_at']) }}
            as account_version_key,
        accounts_with_rule.account_key,
        accounts_with_rule.account_id,
        accounts_with_rule.crm,
        accounts_with_rule.account_name,
        accounts_with_rule.account_type,
        accounts_with_rule.industry,
        accounts_with_rule.website,
        accounts_with_rule.city,
        accounts_with_rule.country,
        accounts_with_rule.annual_revenue,
        accounts_with_rule.employee_count,
        accounts_with_rule.segment,
        accounts_with_rule.owner_id,
        int_users_conformed.user_key as owner_key,
        accounts_with_rule.parent_account_id,
        accounts_with_rule.crosswalk_id as crosswalk_account_id,
        coalesce(accounts_with_rule.won_amount, 0) as won_amount,
        '{{ var("corporate_currency") }}' as currency_code,
        accounts_with_rule.key_account_rule is not null as is_key_account,
        accounts_with_rule.key_account_rule,
        case accounts_with_rule.key_account_rule
            when 'won_amount' then accounts_with_rule.won_amount_reached_at
            when 'annual_revenue' then accounts_with_rule.created_at
        end as key_since,
        accounts_with_rule.created_at,
        accounts_with_rule.is_deleted,
        accounts_with_rule.deleted_at,
        accounts_with_rule.merged_into_id as merged_into_account_id,
        coalesce(accounts_with_rule.created_at, cast('1900-01-01' as timestamp)) as valid_from,
        accounts_with_rule.deleted_at as valid_to,
        not accounts_with_rule.is_deleted as is_current
    from accounts_with_rule
    left join int_users_conformed
        on accounts_with_rule.owner_id = int_users_conformed.user_id

)

select * from accounts
