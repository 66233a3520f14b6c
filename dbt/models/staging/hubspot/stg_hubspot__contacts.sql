with

source as (

    {{ source_versions('hubspot', 'contacts') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        associatedcompanyid as source_account_id,
        nullif(hubspot_owner_id, '') as source_owner_id,
        _merged_into as merged_into_source_id,

        ---------- strings
        firstname as first_name,
        lastname as last_name,
        lower(trim(email)) as email,
        jobtitle as job_title,
        lifecyclestage as lifecycle_stage,
        hs_lead_status as lead_status,
        hs_analytics_source as lead_source,
        hs_buying_role as buying_roles,
        hs_merged_object_ids as merged_source_ids,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        coalesce(createdate, created_at) as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
