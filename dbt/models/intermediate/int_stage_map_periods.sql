with

stage_map as (

    select * from {{ ref('stage_map') }}

),

mapped_periods as (

    select
        {{ stage_key() }} as stage_key,
        crm,
        pipeline_id,
        source_stage_id,
        canonical_stage,
        exit_criteria,
        sla_days,
        owner as map_owner,
        {{ reporting_midnight('valid_from') }} as meaning_from,
        {{ reporting_midnight('valid_to') }} as meaning_to
    from stage_map

),

mapped_periods_in_order as (

    select
        *,
        row_number() over periods_of_stage as period_no,
        lead(meaning_from) over periods_of_stage as next_meaning_from
    from mapped_periods
    window
        periods_of_stage as (
            partition by stage_key
            order by meaning_from
        )

),

holes as (

    select
        stage_key,
        crm,
        pipeline_id,
        source_stage_id,
        cast('1900-01-01' as timestamp) as meaning_from,
        meaning_from as meaning_to
    from mapped_periods_in_order
    where
        period_no = 1
        -- older than any record of a CRM: such a row is meant to hold from the beginning
        and meaning_from > cast('2000-01-02' as timestamp)
    union all
    select
        stage_key,
        crm,
        pipeline_id,
        source_stage_id,
        meaning_to as meaning_from,
        next_meaning_from as meaning_to
    from mapped_periods_in_order
    where
        meaning_to is not null
        and (next_meaning_from is null or meaning_to < next_meaning_from)

),

periods as (

    select * from mapped_periods
    union all
    select
        stage_key,
        crm,
        pipeline_id,
        source_stage_id,
        cast(null as integer) as canonical_stage,
        cast(null as varchar) as exit_criteria,
        cast(null as integer) as sla_days,
        cast(null as varchar) as map_owner,
        meaning_from,
        meaning_to
    from holes

)

select * from periods
