with

wanted_inputs as (

    select * from {{ ref('wanted_inputs') }}

),

int_input_fills as (

    select * from {{ ref('int_input_fills') }}

),

int_unread_columns as (

    select * from {{ ref('int_unread_columns') }}

),

inputs as (

    select
        wanted_inputs.*,
        coalesce(int_input_fills.wanted_count, 0) as wanted_count,
        coalesce(int_input_fills.filled_count, 0) as filled_count,
        coalesce(columns_of_object.access_status, whole_objects.access_status) as access_status,
        coalesce(columns_of_object.access_reason, whole_objects.access_reason) as access_reason,
        nullif(coalesce(columns_of_object.access_action, whole_objects.access_action), '') as access_action,
        coalesce(columns_of_object.access_since, whole_objects.access_since) as access_since
    from wanted_inputs
    left join int_input_fills
        on
            wanted_inputs.input_name = int_input_fills.input_name
            and wanted_inputs.crm = int_input_fills.crm
    -- an object that is not read at all goes for all of its columns
    left join int_unread_columns as whole_objects
        on
            wanted_inputs.crm = whole_objects.crm
            and lower(wanted_inputs.source_object) = whole_objects.object_name
            and whole_objects.column_name = ''
    left join int_unread_columns as columns_of_object
        on
            wanted_inputs.crm = columns_of_object.crm
            and lower(wanted_inputs.source_object) = columns_of_object.object_name
            and lower(wanted_inputs.source_column) = columns_of_object.column_name

),

coverage as (

    select
        {{ surrogate_key(['input_name', 'crm']) }} as input_coverage_key,
        input_name,
        crm,
        wanted_of,
        source_object,
        source_column,
        wanted_by,
        cast(wanted_count as bigint) as wanted_count,
        cast(filled_count as bigint) as filled_count,
        {{ safe_divide('filled_count', 'wanted_count') }} as filled_share,
        case
            when wanted_count = 0 then 'not_needed'
            when filled_count = wanted_count then 'filled'
            when filled_count > 0 then 'partly'
            when access_status is not null then 'not_read'
            else 'empty'
        end as coverage_status,
        access_status,
        access_reason,
        access_since,
        case
            when wanted_count = filled_count then null
            when filled_count = 0 and access_action is not null then access_action
            else what_to_do
        end as what_to_do,
        {{ as_of() }} as as_of
    from inputs

)

select * from coverage
