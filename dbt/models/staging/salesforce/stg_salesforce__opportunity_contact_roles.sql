with

source as (

    {{ source_versions('salesforce', 'opportunity_contact_role') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        opportunityid as source_opportunity_id,
        contactid as source_contact_id,

        ---------- strings
        role as contact_role,

        ---------- booleans
        isprimary as is_primary,
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
