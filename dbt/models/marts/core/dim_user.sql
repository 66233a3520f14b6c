with

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

-- of a person's users the one that speaks for the person: in the primary CRM, active, newest
users_in_order as (

    select
        *,
        row_number() over (
            partition by user_key
            order by
                case crm when '{{ var("primary_crm") }}' then 0 else 1 end asc,
                case when is_active then 0 else 1 end asc,
                created_at desc,
                user_id asc
        ) as preference,
        row_number() over (
            partition by user_key, crm
            order by
                case when is_active then 0 else 1 end asc,
                created_at desc,
                user_id asc
        ) as preference_in_crm
    from int_users_conformed

),

persons as (

    select
        user_key,
        min(created_at) as first_created_at,
        max(case when is_active then 1 else 0 end) = 1 as is_active,
        max(case when crm = 'salesforce' and preference_in_crm = 1 then source_id end) as salesforce_user_id,
        max(case when crm = 'hubspot' and preference_in_crm = 1 then source_id end) as hubspot_owner_id
    from users_in_order
    group by user_key

),

users as (

    select
        {{ surrogate_key(['persons.user_key', 'persons.first_created_at']) }} as user_version_key,
        persons.user_key,
        users_in_order.full_name,
        users_in_order.email,
        users_in_order.job_title,
        users_in_order.department,
        users_in_order.role_name,
        users_in_order.role_family,
        users_in_order.is_quota_carrying,
        users_in_order.ramp_months,
        managers.user_key as manager_key,
        {{ reporting_day('persons.first_created_at') }} as start_date,
        persons.is_active,
        persons.salesforce_user_id,
        persons.hubspot_owner_id,
        coalesce(persons.first_created_at, cast('1900-01-01' as timestamp)) as valid_from,
        cast(null as timestamp) as valid_to,
        true as is_current
    from persons
    inner join users_in_order
        on
            persons.user_key = users_in_order.user_key
            and users_in_order.preference = 1
    left join int_users_conformed as managers
        on users_in_order.manager_id = managers.user_id

)

select * from users
