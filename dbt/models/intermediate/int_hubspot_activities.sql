with

stg_hubspot__calls as (

    select * from {{ ref('stg_hubspot__calls') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__meetings as (

    select * from {{ ref('stg_hubspot__meetings') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__emails as (

    select * from {{ ref('stg_hubspot__emails') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__tasks as (

    select * from {{ ref('stg_hubspot__tasks') }}
    where {{ holds_at_as_of() }}

),

activities_of_all_kinds as (

    select
        'calls' as object_type,
        source_id,
        'call' as activity_type,
        subject,
        occurred_at,
        source_owner_id,
        cast(call_duration_milliseconds / 60000.0 as decimal(18, 2)) as minutes,
        -- a call logged without a status was made
        coalesce(call_status, 'COMPLETED') = 'COMPLETED' as is_completed,
        created_at,
        is_deleted,
        deleted_at
    from stg_hubspot__calls
    union all
    select
        'meetings' as object_type,
        source_id,
        'meeting' as activity_type,
        subject,
        coalesce(started_at, occurred_at) as occurred_at,
        source_owner_id,
        {{ decimal_minutes('started_at', 'ended_at') }} as minutes,
        case
            when meeting_outcome = 'COMPLETED' then true
            when meeting_outcome in ('NO_SHOW', 'CANCELED', 'RESCHEDULED') then false
            else coalesce(ended_at, started_at, occurred_at) <= {{ as_of() }}
        end as is_completed,
        created_at,
        is_deleted,
        deleted_at
    from stg_hubspot__meetings
    union all
    select
        'emails' as object_type,
        source_id,
        case email_direction when 'INCOMING_EMAIL' then 'email_in' else 'email_out' end as activity_type,
        subject,
        occurred_at,
        source_owner_id,
        cast(null as decimal(18, 2)) as minutes,
        coalesce(email_status, 'SENT') not in ('BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING') as is_completed,
        created_at,
        is_deleted,
        deleted_at
    from stg_hubspot__emails
    union all
    select
        'tasks' as object_type,
        source_id,
        'task' as activity_type,
        subject,
        coalesce(completed_at, occurred_at) as occurred_at,
        source_owner_id,
        cast(null as decimal(18, 2)) as minutes,
        coalesce(task_status, '') = 'COMPLETED' as is_completed,
        created_at,
        is_deleted,
        deleted_at
    from stg_hubspot__tasks

),

activities as (

    select
        -- HubSpot ids are unique within a kind only
        'hubspot:' || object_type || ':' || source_id as activity_id,
        'hubspot' as crm,
        source_id,
        activity_type,
        subject,
        occurred_at,
        'hubspot:' || source_owner_id as owner_id,
        minutes,
        is_completed,
        created_at,
        is_deleted,
        deleted_at
    from activities_of_all_kinds

)

select * from activities
