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

accounts_conformed as (

    select
        accounts_of_both.crm || ':' || accounts_of_both.source_id as account_id,
        {{ surrogate_key(["accounts_of_both.crm || ':' || accounts_of_both.source_id"]) }} as account_key,
        accounts_of_both.crm,
        accounts_of_both.source_id,
        accounts_of_both.account_name,
        accounts_of_both.account_type,
        accounts_of_both.industry,
        accounts_of_both.website,
        accounts_of_both.city,
        accounts_of_both.country,
        accounts_of_both.annual_revenue,
        cast(accounts_of_both.employee_count as bigint) as employee_count,
        case
            when accounts_of_both.employee_count is null then 'unknown'
            when accounts_of_both.employee_count < {{ var('segment_mid_market_employees') }} then 'small'
            when accounts_of_both.employee_count < {{ var('segment_enterprise_employees') }} then 'mid_market'
            else 'enterprise'
        end as segment,
        accounts_of_both.crm || ':' || accounts_of_both.source_owner_id as owner_id,
        accounts_of_both.crm || ':' || accounts_of_both.source_parent_account_id as parent_account_id,
        accounts_of_both.created_at,
        accounts_of_both.source_modified_at,
        accounts_of_both.is_deleted or accounts_of_both.merged_into_source_id is not null as is_deleted,
        accounts_of_both.deleted_at,
        accounts_of_both.crm || ':' || accounts_of_both.merged_into_source_id as merged_into_id,
        crosswalks.crosswalk_id
    from accounts_of_both
    left join crosswalks
        on accounts_of_both.crm || ':' || accounts_of_both.source_id = crosswalks.account_id
    where accounts_of_both.created_at <= {{ as_of() }} or accounts_of_both.created_at is null

)

select * from accounts_conformed
