with

source as (

    {{ source_rows('salesforce', 'opportunity_field_history') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        opportunityid as source_opportunity_id,
        createdbyid as created_by_source_id,

        ---------- strings
        field as field_name,
        datatype as data_type,
        oldvalue as old_value,
        newvalue as new_value,

        ---------- booleans
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        createddate as changed_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at

    from source

)

select * from renamed
