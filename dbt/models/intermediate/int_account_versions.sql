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
    'source_modified_at', 'is_deleted', 'deleted_at', 'merged_into_source_id', 'valid_from', 'valid_to'
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
    where
        crosswalk_source_id <> ''
        and {{ holds_at_as_of() }}

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

-- what came after as_of, or after the end, is not known or not meant
known_versions as (

    select * from accounts_with_end
    where
        (created_at <= {{ as_of() }} or created_at is null)
        and (
            valid_from is null
            or (
                valid_from <= {{ as_of() }}
                and (gone_at is null or valid_from < gone_at)
            )
        )

),

versions_in_order as (

    select
        *,
        lead(valid_from) over (
            partition by crm, source_id
            order by valid_from nulls first
        ) as next_valid_from
    from known_versions

),

account_versions as (

    select
        versions_in_order.crm || ':' || versions_in_order.source_id as account_id,
        {{ surrogate_key(["versions_in_order.crm || ':' || versions_in_order.source_id"]) }} as account_key,
        versions_in_order.crm,
        versions_in_order.source_id,
        versions_in_order.account_name,
        versions_in_order.account_type,
        versions_in_order.industry,
        versions_in_order.website,
        versions_in_order.city,
        versions_in_order.country,
        versions_in_order.annual_revenue,
        cast(versions_in_order.employee_count as bigint) as employee_count,
        case
            when versions_in_order.employee_count is null then 'unknown'
            when versions_in_order.employee_count < {{ var('segment_mid_market_employees') }} then 'small'
            when versions_in_order.employee_count < {{ var('segment_enterprise_employees') }} then 'mid_market'
            else 'enterprise'
        end as segment,
        versions_in_order.crm || ':' || versions_in_order.source_owner_id as owner_id,
        versions_in_order.crm || ':' || versions_in_order.source_parent_account_id as parent_account_id,
        versions_in_order.created_at,
        versions_in_order.source_modified_at,
        coalesce(versions_in_order.gone_at <= {{ as_of() }}, false) as is_deleted,
        case when versions_in_order.gone_at <= {{ as_of() }} then versions_in_order.gone_at end as deleted_at,
        versions_in_order.crm || ':' || versions_in_order.merged_into_source_id as merged_into_id,
        crosswalks.crosswalk_id,
        coalesce(versions_in_order.valid_from, versions_in_order.created_at, {{ beginning_of_time() }}) as valid_from,
        coalesce(
            versions_in_order.next_valid_from,
            case when versions_in_order.gone_at <= {{ as_of() }} then versions_in_order.gone_at end
        ) as valid_to,
        versions_in_order.next_valid_from is null as is_last
    from versions_in_order
    left join crosswalks
        on versions_in_order.crm || ':' || versions_in_order.source_id = crosswalks.account_id

)

select * from account_versions
