{{ config(materialized='view') }}

with

int_account_versions as (

    select * from {{ ref('int_account_versions') }}

),

accounts_conformed as (

    select
        account_id,
        account_key,
        crm,
        source_id,
        account_name,
        account_type,
        industry,
        website,
        city,
        country,
        annual_revenue,
        employee_count,
        segment,
        owner_id,
        parent_account_id,
        created_at,
        source_modified_at,
        is_deleted,
        deleted_at,
        merged_into_id,
        crosswalk_id
    from int_account_versions
    where is_last

)

select * from accounts_conformed
