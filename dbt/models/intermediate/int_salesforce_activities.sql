with

stg_salesforce__tasks as (

    select * from {{ ref('stg_salesforce__tasks') }}
    where {{ holds_at_as_of() }}

),

stg_salesforce__events as (

    select * from {{ ref('stg_salesforce__events') }}
    where {{ holds_at_as_of() }}

),

activities_from_tasks as (

    select
        source_id,
        case
            when coalesce(task_subtype, task_type) = 'Call' or task_type = 'Call' then 'call'
            when
                (coalesce(task_subtype, task_type) = 'Email' or task_type = 'Email')
                and lower(subject) like '{{ var("inbound_email_subject") }}%'
                then 'email_in'
            when coalesce(task_subtype, task_type) = 'Email' or task_type = 'Email' then 'email_out'
            else 'task'
        end as activity_type,
        subject,
        -- a task has a day, its log entry has a time: the time counts when it falls on that day
        coalesce(
            completed_at,
            case when {{ reporting_day('created_at') }} = activity_date then created_at end,
            {{ reporting_midnight('activity_date') }},
            created_at
        ) as occurred_at,
        source_owner_id,
        cast(call_duration_seconds / 60.0 as decimal(18, 2)) as minutes,
        source_what_id,
        source_who_id,
        source_account_id,
        is_closed as is_completed,
        created_at,
        is_deleted,
        deleted_at
    from stg_salesforce__tasks

),

activities_from_events as (

    select
        source_id,
        'meeting' as activity_type,
        subject,
        coalesce(started_at, {{ reporting_midnight('activity_date') }}, created_at) as occurred_at,
        source_owner_id,
        cast(duration_minutes as decimal(18, 2)) as minutes,
        source_what_id,
        source_who_id,
        source_account_id,
        coalesce(ended_at, started_at, {{ reporting_midnight('activity_date') }}) <= {{ as_of() }} as is_completed,
        created_at,
        is_deleted,
        deleted_at
    from stg_salesforce__events

),

activities_of_both as (

    select * from activities_from_tasks
    union all
    select * from activities_from_events

),

activities as (

    select
        'salesforce:' || source_id as activity_id,
        'salesforce' as crm,
        source_id,
        activity_type,
        subject,
        occurred_at,
        'salesforce:' || source_owner_id as owner_id,
        minutes,
        -- 006, 001 and 003 begin the ids of opportunities, accounts and contacts
        case when source_what_id like '006%' then 'salesforce:' || source_what_id end as opportunity_id,
        'salesforce:' || case
            when source_what_id like '001%' then source_what_id
            else source_account_id
        end as account_id,
        case when source_who_id like '003%' then 'salesforce:' || source_who_id end as contact_id,
        is_completed,
        created_at,
        is_deleted,
        deleted_at
    from activities_of_both

)

select * from activities
