with

source as (

    {{ source_versions('salesforce', 'account') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        parentid as source_parent_account_id,
        ownerid as source_owner_id,
        hubspot_company_id__c as crosswalk_source_id,
        _merged_into as merged_into_source_id,

        ---------- strings
        name as account_name,
        type as account_type,
        industry,
        rating,
        website,
        billingcity as city,
        billingcountry as country,

        ---------- numerics
        cast(annualrevenue as decimal(18, 2)) as annual_revenue,
        numberofemployees as employee_count,

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
