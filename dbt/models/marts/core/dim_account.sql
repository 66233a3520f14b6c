with

int_account_versions as (

    select * from {{ ref('int_account_versions') }}

),

int_accounts_conformed as (

    select * from {{ ref('int_accounts_conformed') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_won
        and not is_deleted

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

-- an account that both CRMs hold is one: the record in the var primary_crm stands for both
counted_accounts as (

    select
        int_accounts_conformed.account_id,
        case
            when other_records.account_id is not null and int_accounts_conformed.crm <> '{{ var("primary_crm") }}'
                then other_records.account_id
            else int_accounts_conformed.account_id
        end as counted_account_id
    from int_accounts_conformed
    left join int_accounts_conformed as other_records
        on
            int_accounts_conformed.crosswalk_id = other_records.account_id
            and not other_records.is_deleted

),

won_by_record as (

    select
        account_id,
        cast(sum(amount) as decimal(18, 2)) as won_amount
    from dim_opportunity
    group by account_id

),

-- of a deal that both CRMs hold, the record that counts
counted_wins as (

    select
        counted_accounts.counted_account_id,
        dim_opportunity.closed_at,
        dim_opportunity.amount,
        sum(dim_opportunity.amount) over (
            partition by counted_accounts.counted_account_id
            order by dim_opportunity.closed_at, dim_opportunity.opportunity_id
            rows between unbounded preceding and current row
        ) as won_amount_so_far
    from dim_opportunity
    inner join counted_accounts
        on dim_opportunity.account_id = counted_accounts.account_id
    where dim_opportunity.is_primary_record

),

won_by_account as (

    select
        counted_account_id,
        cast(sum(amount) as decimal(18, 2)) as counted_won_amount,
        min(
            case when won_amount_so_far >= {{ var('key_account_won_amount') }} then closed_at end
        ) as won_amount_reached_at
    from counted_wins
    group by counted_account_id

),

versions_with_wins as (

    select
        int_account_versions.*,
        counted_accounts.counted_account_id,
        won_by_account.counted_won_amount,
        won_by_account.won_amount_reached_at,
        won_by_record.won_amount
    from int_account_versions
    inner join counted_accounts
        on int_account_versions.account_id = counted_accounts.account_id
    left join won_by_account
        on counted_accounts.counted_account_id = won_by_account.counted_account_id
    left join won_by_record
        on int_account_versions.account_id = won_by_record.account_id

),

-- the deal that makes an account a key account divides the period that it falls into
periods as (

    select
        *,
        valid_from as period_from,
        case
            when won_amount_reached_at > valid_from and won_amount_reached_at < coalesce(valid_to, {{ end_of_time() }})
                then won_amount_reached_at
            else valid_to
        end as period_to,
        won_amount_reached_at <= valid_from as has_reached_won_amount
    from versions_with_wins
    union all
    select
        *,
        won_amount_reached_at as period_from,
        valid_to as period_to,
        true as has_reached_won_amount
    from versions_with_wins
    where
        won_amount_reached_at > valid_from
        and won_amount_reached_at < coalesce(valid_to, {{ end_of_time() }})

),

periods_with_rule as (

    select
        *,
        case
            when has_reached_won_amount then 'won_amount'
            when annual_revenue >= {{ var('key_account_annual_revenue') }} then 'annual_revenue'
        end as key_account_rule,
        min(
            case when annual_revenue >= {{ var('key_account_annual_revenue') }} then period_from end
        ) over (partition by account_id) as annual_revenue_reached_at
    from periods

),

accounts as (

    select
        {{ surrogate_key(['periods_with_rule.account_id', 'periods_with_rule.period_from']) }}
            as account_version_key,
        periods_with_rule.account_key,
        periods_with_rule.account_id,
        periods_with_rule.counted_account_id,
        periods_with_rule.crm,
        periods_with_rule.account_name,
        periods_with_rule.account_type,
        periods_with_rule.industry,
        periods_with_rule.website,
        periods_with_rule.city,
        periods_with_rule.country,
        periods_with_rule.annual_revenue,
        periods_with_rule.employee_count,
        periods_with_rule.segment,
        periods_with_rule.owner_id,
        int_users_conformed.user_key as owner_key,
        periods_with_rule.parent_account_id,
        periods_with_rule.crosswalk_id as crosswalk_account_id,
        coalesce(periods_with_rule.won_amount, 0) as won_amount,
        coalesce(periods_with_rule.counted_won_amount, 0) as counted_won_amount,
        '{{ var("corporate_currency") }}' as currency_code,
        periods_with_rule.key_account_rule is not null as is_key_account,
        periods_with_rule.key_account_rule,
        case periods_with_rule.key_account_rule
            when 'won_amount' then periods_with_rule.won_amount_reached_at
            when 'annual_revenue' then periods_with_rule.annual_revenue_reached_at
        end as key_since,
        periods_with_rule.created_at,
        periods_with_rule.is_deleted,
        periods_with_rule.deleted_at,
        periods_with_rule.merged_into_id as merged_into_account_id,
        periods_with_rule.period_from as valid_from,
        periods_with_rule.period_to as valid_to,
        periods_with_rule.period_to is null as is_current
    from periods_with_rule
    left join int_users_conformed
        on periods_with_rule.owner_id = int_users_conformed.user_id

)

select * from accounts
