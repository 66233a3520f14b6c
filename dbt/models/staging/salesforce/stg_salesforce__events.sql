with

source as (

    {{ source_versions('salesforce', 'event') }}

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
        location,
        type as event_type,
        eventsubtype as event_subtype,

        ---------- numerics
        durationinminutes as duration_minutes,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        startdatetime as started_at,
        enddatetime as ended_at,
        activitydate as activity_date,
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
