with

source as (

    {{ source_rows('hubspot', 'deal_property_history') }}

),

renamed as (

    select

        ---------- ids
        _record_id as source_id,
        deal_id as source_opportunity_id,
        updated_by_user_id as created_by_source_id,

        ---------- strings
        property as property_name,
        value as property_value,
        source_type as change_source_type,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        timestamp as changed_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
