with

source as (

    {{ source_versions('salesforce', 'user') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        userroleid as source_role_id,
        managerid as source_manager_id,

        ---------- strings
        name as full_name,
        lower(trim(email)) as email,
        title as job_title,
        department,
        usertype as user_type,
        timezonesidkey as time_zone,

        ---------- booleans
        isactive as is_active,
        forecastenabled as is_forecast_enabled,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
