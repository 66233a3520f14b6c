with

stg_salesforce__users as (

    select * from {{ ref('stg_salesforce__users') }}

),

stg_salesforce__user_roles as (

    select * from {{ ref('stg_salesforce__user_roles') }}

),

stg_hubspot__owners as (

    select * from {{ ref('stg_hubspot__owners') }}

),

role_map as (

    select * from {{ ref('role_map') }}

),

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
        stg_salesforce__users.is_deleted
    from stg_salesforce__users
    left join stg_salesforce__user_roles
        on stg_salesforce__users.source_role_id = stg_salesforce__user_roles.source_id
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
        is_deleted
    from stg_hubspot__owners

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
        users_of_both.crm || ':' || users_of_both.source_role_id as role_id,
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
