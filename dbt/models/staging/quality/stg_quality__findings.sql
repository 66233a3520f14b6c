with

source as (

    select * from {{ source('quality', 'stage_definition_findings') }}

),

renamed as (

    select

        ---------- ids
        finding_key,
        check_id,
        stage_key,
        entity_id,
        owner_id,

        ---------- strings
        severity,
        policy,
        crm,
        pipeline_id,
        source_stage_id,
        entity_type,
        observed,
        expected,
        action,
        evidence,
        status,

        ---------- numerics
        opportunity_count,
        open_amount,

        ---------- dates and timestamps
        first_seen_at,
        last_seen_at,
        resolved_at

    from source

)

select * from renamed
