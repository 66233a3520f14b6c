with

stg_salesforce__users as (

    select * from {{ ref('stg_salesforce__users') }}
    where valid_from is null or valid_from <= {{ as_of() }}

),

stg_salesforce__user_roles as (

    select * from {{ ref('stg_salesforce__user_roles') }}
    where valid_from is null or valid_from <= {{ as_of() }}

),

stg_hubspot__owners as (

    select * from {{ ref('stg_hubspot__owners') }}
    where valid_from is null or valid_from <= {{ as_of() }}

),

role_map as (

    select * from {{ ref('role_map') }}

),

-- a user changes with the user's role: where both have versions, each overlap is one
users_of_both as (

    select
        'salesforce' as crm,
        stg_salesforce__users.source_id,
        stg_salesforce__users.full_name,
        stg_salesforce__users.email,
        stg_salesforce__users.job_title,
        stg_salesforce__users.department,
        stg_salesforce__users.source_role_id,
        stg_salesforce__user_roles.role_name,
        stg_salesforce__users.source_manager_id,
        stg_salesforce__users.is_active,
        stg_salesforce__users.created_at,
        stg_salesforce__users.is_deleted,
        stg_salesforce__users.deleted_at,
        greatest(
            coalesce(stg_salesforce__users.valid_from, {{ beginning_of_time() }}),
            coalesce(stg_salesforce__user_roles.valid_from, {{ beginning_of_time() }})
        ) as version_from
    from stg_salesforce__users
    left join stg_salesforce__user_roles
        on
            stg_salesforce__users.source_role_id = stg_salesforce__user_roles.source_id
            and coalesce(stg_salesforce__users.valid_from, {{ beginning_of_time() }})
            < coalesce(stg_salesforce__user_roles.valid_to, {{ end_of_time() }})
            and coalesce(stg_salesforce__user_roles.valid_from, {{ beginning_of_time() }})
            < coalesce(stg_salesforce__users.valid_to, {{ end_of_time() }})
    union all
    select
        'hubspot' as crm,
        source_id,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        email,
        cast(null as varchar) as job_title,
        cast(null as varchar) as department,
        cast(null as varchar) as source_role_id,
        cast(null as varchar) as role_name,
        cast(null as varchar) as source_manager_id,
        is_active,
        created_at,
        is_deleted,
        deleted_at,
        coalesce(valid_from, {{ beginning_of_time() }}) as version_from
    from stg_hubspot__owners

),

users_in_order as (

    select
        *,
        row_number() over versions_of_user as version_no,
        lead(version_from) over versions_of_user as next_version_from,
        last_value(email) over (
            partition by crm, source_id
            order by version_from
            rows between unbounded preceding and unbounded following
        ) as email_at_as_of
    from users_of_both
    where created_at <= {{ as_of() }} or created_at is null
    window
        versions_of_user as (
            partition by crm, source_id
            order by version_from
        )

),

-- the first keyword of the map that role or title contains decides
role_matches as (

    select
        users_in_order.crm,
        users_in_order.source_id,
        users_in_order.version_no,
        role_map.role_family,
        role_map.is_quota_carrying,
        role_map.ramp_months,
        row_number() over (
            partition by users_in_order.crm, users_in_order.source_id, users_in_order.version_no
            order by role_map.precedence
        ) as match_no
    from users_in_order
    inner join role_map
        on
            lower(coalesce(users_in_order.role_name, '') || ' ' || coalesce(users_in_order.job_title, ''))
            like '%' || role_map.keyword || '%'

),

user_versions as (

    select
        users_in_order.crm || ':' || users_in_order.source_id as user_id,
        -- one person works under one address in both CRMs, and who gets another one stays who he is
        {{ surrogate_key([
            "coalesce(users_in_order.email_at_as_of, users_in_order.crm || ':' || users_in_order.source_id)"
        ]) }} as user_key,
        users_in_order.crm,
        users_in_order.source_id,
        users_in_order.full_name,
        users_in_order.email,
        users_in_order.job_title,
        users_in_order.department,
        users_in_order.crm || ':' || users_in_order.source_role_id as role_id,
        users_in_order.role_name,
        coalesce(role_matches.role_family, 'unknown') as role_family,
        role_matches.is_quota_carrying,
        role_matches.ramp_months,
        users_in_order.crm || ':' || users_in_order.source_manager_id as manager_id,
        coalesce(users_in_order.is_active, false) as is_active,
        users_in_order.created_at,
        case
            when {{ is_gone_at_as_of('users_in_order') }}
                then coalesce(users_in_order.deleted_at, {{ beginning_of_time() }})
        end as deleted_at,
        case
            when users_in_order.version_no = 1 then coalesce(users_in_order.created_at, {{ beginning_of_time() }})
            else users_in_order.version_from
        end as valid_from,
        users_in_order.next_version_from as valid_to
    from users_in_order
    left join role_matches
        on
            users_in_order.crm = role_matches.crm
            and users_in_order.source_id = role_matches.source_id
            and users_in_order.version_no = role_matches.version_no
            and role_matches.match_no = 1

)

select * from user_versions
