with

source as (

    {{ source_rows('hubspot', 'deal_associations') }}

),

-- what it has shown was there before, nobody knows since when
first_sync as (

    select min(_modified_at) as first_seen_at from source

),

renamed as (

    select

        ---------- ids
        _record_id as source_id,
        deal_id as source_opportunity_id,
        to_object_id as to_source_id,

        ---------- strings
        to_object_type,
        category as association_category,
        label as association_label,

        ---------- numerics
        type_id as association_type_id,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        _deleted_at as deleted_at,
        nullif(_modified_at, (select first_sync.first_seen_at from first_sync)) as source_modified_at

    from source

)

select * from renamed
