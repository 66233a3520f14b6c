with

int_user_versions as (

    select * from {{ ref('int_user_versions') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

-- what a CRM says of a person who was first in the other one held before, too: nobody knows better
user_periods as (

    select
        *,
        case
            when valid_from = min(valid_from) over (partition by user_key, crm)
                then min(valid_from) over (partition by user_key)
            else valid_from
        end as period_from
    from int_user_versions

),

instants as (

    select
        user_key,
        period_from as instant_at
    from user_periods
    union
    select
        user_key,
        deleted_at as instant_at
    from user_periods
    where
        valid_to is null
        and deleted_at > period_from

),

users_at_instants as (

    select
        user_periods.*,
        instants.instant_at,
        user_periods.is_active
        and (user_periods.deleted_at is null or user_periods.deleted_at > instants.instant_at) as is_active_then
    from instants
    inner join user_periods
        on
            instants.user_key = user_periods.user_key
            and instants.instant_at >= user_periods.period_from
            and instants.instant_at < coalesce(user_periods.valid_to, {{ end_of_time() }})

),

-- of a person's users the one that speaks for the person: in the primary CRM, active, newest
users_in_order as (

    select
        *,
        row_number() over (
            partition by user_key, instant_at
            order by
                case crm when '{{ var("primary_crm") }}' then 0 else 1 end asc,
                case when is_active_then then 0 else 1 end asc,
                created_at desc,
                user_id asc
        ) as preference,
        row_number() over (
            partition by user_key, instant_at, crm
            order by
                case when is_active_then then 0 else 1 end asc,
                created_at desc,
                user_id asc
        ) as preference_in_crm
    from users_at_instants

),

persons as (

    select
        user_key,
        instant_at,
        max(case when is_active_then then 1 else 0 end) = 1 as is_active,
        max(case when crm = 'salesforce' and preference_in_crm = 1 then source_id end) as salesforce_user_id,
        max(case when crm = 'hubspot' and preference_in_crm = 1 then source_id end) as hubspot_owner_id
    from users_in_order
    group by
        user_key,
        instant_at

),

first_appearances as (

    select
        user_key,
        min(created_at) as first_created_at
    from int_users_conformed
    group by user_key

),

{% set attributes = [
    'full_name', 'email', 'job_title', 'department', 'role_name', 'role_family', 'is_quota_carrying', 'ramp_months',
    'manager_key', 'is_active', 'salesforce_user_id', 'hubspot_owner_id'
] %}
persons_at_instants as (

    select
        persons.user_key,
        persons.instant_at,
        users_in_order.full_name,
        users_in_order.email,
        users_in_order.job_title,
        users_in_order.department,
        users_in_order.role_name,
        users_in_order.role_family,
        users_in_order.is_quota_carrying,
        users_in_order.ramp_months,
        managers.user_key as manager_key,
        persons.is_active,
        persons.salesforce_user_id,
        persons.hubspot_owner_id
    from persons
    inner join users_in_order
        on
            persons.user_key = users_in_order.user_key
            and persons.instant_at = users_in_order.instant_at
            and users_in_order.preference = 1
    left join int_users_conformed as managers
        on users_in_order.manager_id = managers.user_id

),

states as (

    select
        *,
        {{ surrogate_key(attributes) }} as state_key
    from persons_at_instants

),

states_with_previous as (

    select
        *,
        lag(state_key) over (
            partition by user_key
            order by instant_at
        ) as previous_state_key
    from states

),

periods as (

    select
        *,
        lead(instant_at) over (
            partition by user_key
            order by instant_at
        ) as next_instant_at
    from states_with_previous
    where
        previous_state_key is null
        or previous_state_key <> state_key

),

users as (

    select
        {{ surrogate_key(['periods.user_key', 'periods.instant_at']) }} as user_version_key,
        periods.user_key,
        periods.full_name,
        periods.email,
        periods.job_title,
        periods.department,
        periods.role_name,
        periods.role_family,
        periods.is_quota_carrying,
        periods.ramp_months,
        periods.manager_key,
        {{ reporting_day('first_appearances.first_created_at') }} as start_date,
        periods.is_active,
        periods.salesforce_user_id,
        periods.hubspot_owner_id,
        periods.instant_at as valid_from,
        periods.next_instant_at as valid_to,
        periods.next_instant_at is null as is_current
    from periods
    inner join first_appearances
        on periods.user_key = first_appearances.user_key

)

select * from users
