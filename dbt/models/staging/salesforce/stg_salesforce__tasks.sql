with

source as (

    {{ source_versions('salesforce', 'task') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        whoid as source_who_id,
        whatid as source_what_id,
        accountid as source_account_id,
        ownerid as source_owner_id,

        ---------- strings
        subject,
        status as task_status,
        priority,
        type as task_type,
        tasksubtype as task_subtype,
        calltype as call_type,
        calldisposition as call_disposition,

        ---------- numerics
        calldurationinseconds as call_duration_seconds,

        ---------- booleans
        coalesce(isclosed, false) as is_closed,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        activitydate as activity_date,
        completeddatetime as completed_at,
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
