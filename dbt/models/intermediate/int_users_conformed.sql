{{ config(materialized='view') }}

with

int_user_versions as (

    select * from {{ ref('int_user_versions') }}

),

users_conformed as (

    select
        user_id,
        user_key,
        crm,
        source_id,
        full_name,
        email,
        job_title,
        department,
        role_id,
        role_name,
        role_family,
        is_quota_carrying,
        ramp_months,
        manager_id,
        is_active and deleted_at is null as is_active,
        created_at
    from int_user_versions
    where valid_to is null

)

select * from users_conformed
