with

stg_salesforce__accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

stg_hubspot__companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

{% set columns = [
    'source_id', 'account_name', 'account_type', 'industry', 'website', 'city', 'country', 'annual_revenue',
    'employee_count', 'source_owner_id', 'source_parent_account_id', 'crosswalk_source_id', 'created_at',
    'source_modified_at', 'is_deleted', 'deleted_at', 'merged_into_source_id'
] %}
accounts_of_both as (

    select
        'salesforce' as crm,
        {{ columns | join(',\n        ') }}
    from stg_salesforce__accounts
    union all
    select
        'hubspot' as crm,
        {{ columns | join(',\n        ') }}
    from stg_hubspot__companies

),

crosswalk_claims as (

    select
        crm || ':' || source_id as account_id,
        case crm when 'salesforce' then 'hubspot:' else 'salesforce:' end || crosswalk_source_id as other_id
    from accounts_of_both
    where crosswalk_source_id <> ''

),

crosswalk_claims_of_both as (

    select
        account_id,
        other_id
    from crosswalk_claims
    union
    select
        other_id as account_id,
        account_id as other_id
    from crosswalk_claims

),

crosswalks as (

    select
        account_id,
        min(other_id) as crosswalk_id
    from crosswalk_claims_of_both
    group by account_id

),

accounts_with_end as (

    select
        *,
        case
            when is_deleted or merged_into_source_id is not null
                then coalesce(deleted_at, source_modified_at, {{ as_of() }})
        end as gone_at
    from accounts_of_both

),

accounts_conformed as (

    select
        accounts_with_end.crm || ':' || accounts_with_end.source_id as account_id,
        {{ surrogate_key(["accounts_with_end.crm || ':' || accounts_with_end.source_id"]) }} as account_key,
        accounts_with_end.crm,
        accounts_with_end.source_id,
        accounts_with_end.account_name,
        accounts_with_end.account_type,
        accounts_with_end.industry,
        accounts_with_end.website,
        accounts_with_end.city,
        accounts_with_end.country,
        accounts_with_end.annual_revenue,
        cast(accounts_with_end.employee_count as bigint) as employee_count,
        case
            when accounts_with_end.employee_count is null then 'unknown'
            when accounts_with_end.employee_count < {{ var('segment_mid_market_employees') }} then 'small'
            when accounts_with_end.employee_count < {{ var('segment_enterprise_employees') }} then 'mid_market'
            else 'enterprise'
        end as segment,
        accounts_with_end.crm || ':' || accounts_with_end.source_owner_id as owner_id,
        accounts_with_end.crm || ':' || accounts_with_end.source_parent_account_id as parent_account_id,
        accounts_with_end.created_at,
        accounts_with_end.source_modified_at,
        coalesce(accounts_with_end.gone_at <= {{ as_of() }}, false) as is_deleted,
        case when accounts_with_end.gone_at <= {{ as_of() }} then accounts_with_end.gone_at end as deleted_at,
        accounts_with_end.crm || ':' || accounts_with_end.merged_into_source_id as merged_into_id,
        crosswalks.crosswalk_id
    from accounts_with_end
    left join crosswalks
        on accounts_with_end.crm || ':' || accounts_with_end.source_id = crosswalks.account_id
    where accounts_with_end.created_at <= {{ as_of() }} or accounts_with_end.created_at is null

)

select * from accounts_conformed
