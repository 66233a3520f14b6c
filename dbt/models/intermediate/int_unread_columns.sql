with

stg_meta__coverages as (

    select * from {{ ref('stg_meta__coverages') }}

),

unread as (

    select
        crm,
        object_name,
        column_name,
        access_status,
        access_reason,
        access_action,
        access_since
    from stg_meta__coverages
    where
        access_status <> 'read'
        and access_since <= {{ as_of() }}

)

select * from unread
