with

salesforce_users as (

    select * from {{ ref('stg_salesforce__users') }}

),

salesforce_roles as (

    select * from {{ ref('stg_salesforce__user_roles') }}

),

hubspot_owners as (

    select * from {{ ref('stg_hubspot__owners') }}

),

role_map as (

    select * from {{ ref('role_map') }}

),

users_of_both as (

    select
        'salesforce' as crm,
        salesforce_users.source_id,
        salesforce_users.full_name,
        salesforce_users.email,
        salesforce_users.job_title,
        salesforce_users.department,
        salesforce_roles.role_name,
        salesforce_users.source_manager_id,
        salesforce_users.is_active,
        salesforce_users.created_at,
        salesforce_users.is_deleted
    from salesforce_users
    left join salesforce_roles
        on salesforce_users.source_role_id = salesforce_roles.source_id
    union all
    select
        'hubspot' as crm,
        source_id,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        email,
        cast(null as varchar) as job_title,
        cast(null as varchar) as department,
        cast(null as varchar) as role_name,
        cast(null as varchar) as source_manager_id,
        is_active,
        created_at,
        is_deleted
    from hubspot_owners

),

-- the first keyword of the map that role or title contains decides
role_matches as (

    select
        users_of_both.crm,
        users_of_both.source_id,
        role_map.role_family,
        role_map.is_quota_carrying,
        role_map.ramp_months,
        row_number() over (
            partition by users_of_both.crm, users_of_both.source_id
            order by role_map.precedence
        ) as match_no
    from users_of_both
    inner join role_map
        on
            lower(coalesce(users_of_both.role_name, '') || ' ' || coalesce(users_of_both.job_title, ''))
            like '%' || role_map.keyword || '%'

),

users_conformed as (

    select
        users_of_both.crm || ':' || users_of_both.source_id as user_id,
        -- one person works under one address in both CRMs
        {{ surrogate_key([
            "coalesce(users_of_both.email, users_of_both.crm || ':' || users_of_both.source_id)"
        ]) }} as user_key,
        users_of_both.crm,
        users_of_both.source_id,
        users_of_both.full_name,
        users_of_both.email,
        users_of_both.job_title,
        users_of_both.department,
        users_of_both.role_name,
        coalesce(role_matches.role_family, 'unknown') as role_family,
        role_matches.is_quota_carrying,
        role_matches.ramp_months,
        users_of_both.crm || ':' || users_of_both.source_manager_id as manager_id,
        coalesce(users_of_both.is_active, false) and not users_of_both.is_deleted as is_active,
        users_of_both.created_at
    from users_of_both
    left join role_matches
        on
            users_of_both.crm = role_matches.crm
            and users_of_both.source_id = role_matches.source_id
            and role_matches.match_no = 1
    where users_of_both.created_at <= {{ as_of() }} or users_of_both.created_at is null

)

select * from users_conformed
