with

source as (

    {{ source_versions('hubspot', 'companies') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        hs_parent_company_id as source_parent_account_id,
        nullif(hubspot_owner_id, '') as source_owner_id,
        salesforce_account_id as crosswalk_source_id,
        _merged_into as merged_into_source_id,

        ---------- strings
        name as account_name,
        domain as website,
        industry,
        lifecyclestage as account_type,
        city,
        country,
        hs_merged_object_ids as merged_source_ids,

        ---------- numerics
        cast(annualrevenue as decimal(18, 2)) as annual_revenue,
        cast(numberofemployees as bigint) as employee_count,

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
