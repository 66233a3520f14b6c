with

source as (

    {{ source_versions('salesforce', 'lead') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        ownerid as source_owner_id,
        convertedaccountid as converted_source_account_id,
        convertedcontactid as converted_source_contact_id,
        convertedopportunityid as converted_source_opportunity_id,

        ---------- strings
        firstname as first_name,
        lastname as last_name,
        name as full_name,
        title as job_title,
        company as company_name,
        lower(trim(email)) as email,
        leadsource as lead_source,
        status as lead_status,
        industry,
        rating,

        ---------- booleans
        coalesce(isconverted, false) as is_converted,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        converteddate as converted_date,
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
