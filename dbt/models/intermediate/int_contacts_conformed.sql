with

stg_salesforce__contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where {{ holds_at_as_of() }}

),

contacts_of_both as (

    select
        'salesforce' as crm,
        source_id,
        source_account_id,
        full_name,
        email,
        job_title,
        lead_source,
        cast(null as varchar) as lifecycle_stage,
        source_owner_id,
        created_at,
        is_deleted,
        deleted_at,
        merged_into_source_id
    from stg_salesforce__contacts
    union all
    select
        'hubspot' as crm,
        source_id,
        source_account_id,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        email,
        job_title,
        lead_source,
        lifecycle_stage,
        source_owner_id,
        created_at,
        is_deleted,
        deleted_at,
        merged_into_source_id
    from stg_hubspot__contacts

),

contacts_conformed as (

    select
        crm || ':' || source_id as contact_id,
        crm,
        source_id,
        crm || ':' || nullif(source_account_id, '') as account_id,
        full_name,
        email,
        job_title,
        lead_source,
        lifecycle_stage,
        crm || ':' || source_owner_id as owner_id,
        created_at,
        is_deleted or merged_into_source_id is not null as is_deleted,
        deleted_at,
        crm || ':' || merged_into_source_id as merged_into_id
    from contacts_of_both
    where created_at <= {{ as_of() }} or created_at is null

)

select * from contacts_conformed
