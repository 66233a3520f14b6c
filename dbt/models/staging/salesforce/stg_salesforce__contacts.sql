with

source as (

    {{ source_versions('salesforce', 'contact') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        accountid as source_account_id,
        ownerid as source_owner_id,
        _merged_into as merged_into_source_id,

        ---------- strings
        firstname as first_name,
        lastname as last_name,
        name as full_name,
        title as job_title,
        department,
        lower(trim(email)) as email,
        phone,
        leadsource as lead_source,

        ---------- booleans
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
