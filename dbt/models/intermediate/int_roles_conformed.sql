{{ config(materialized='view') }}

with

stg_salesforce__user_roles as (

    select * from {{ ref('stg_salesforce__user_roles') }}
    where
        {{ holds_at_as_of() }}
        and not {{ is_gone_at_as_of() }}

),

roles_conformed as (

    select
        'salesforce:' || source_id as role_id,
        'salesforce:' || source_parent_role_id as parent_role_id,
        role_name
    from stg_salesforce__user_roles

)

select * from roles_conformed
