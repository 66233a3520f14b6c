with

source as (

    {{ source_versions('hubspot', 'tasks') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        nullif(hubspot_owner_id, '') as source_owner_id,

        ---------- strings
        hs_task_subject as subject,
        hs_task_status as task_status,
        hs_task_priority as priority,
        hs_task_type as task_type,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        hs_task_completion_date as completed_at,
        hs_timestamp as occurred_at,
        coalesce(hs_createdate, created_at) as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
