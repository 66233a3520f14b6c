{{ config(materialized='by_key', fingerprint=['int_opportunity_fingerprints', 'source_fingerprint']) }}

with

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}
    {{ touched_only('int_opportunity_fingerprints') }}

),

int_stage_definitions as (

    select * from {{ ref('int_stage_definitions') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

versions_with_previous_stage as (

    select
        *,
        lag(stage_key) over (
            partition by opportunity_id
            order by version_no
        ) as previous_stage_key
    from int_opportunity_versions

),

stage_entries as (

    select
        *,
        cast(
            row_number() over (
                partition by opportunity_id
                order by version_no
            ) as integer
        ) as visit_no
    from versions_with_previous_stage
    where previous_stage_key is distinct from stage_key

),

ends_of_opportunities as (

    select
        opportunity_id,
        valid_to as ended_at
    from int_opportunity_versions
    where is_last

),

visits as (

    select
        stage_entries.opportunity_id,
        stage_entries.crm,
        stage_entries.pipeline_id,
        stage_entries.visit_no,
        stage_entries.version_no,
        stage_entries.source_stage_id,
        stage_entries.stage_key,
        stage_entries.canonical_stage,
        lag(stage_entries.source_stage_id) over visits_of_opportunity as from_source_stage_id,
        lag(stage_entries.stage_key) over visits_of_opportunity as from_stage_key,
        lag(stage_entries.canonical_stage) over visits_of_opportunity as from_canonical_stage,
        stage_entries.valid_from as entered_at,
        coalesce(
            lead(stage_entries.valid_from) over visits_of_opportunity, ends_of_opportunities.ended_at
        ) as exited_at,
        row_number() over (
            partition by stage_entries.opportunity_id, stage_entries.stage_key
            order by stage_entries.visit_no
        ) > 1 as is_reentry,
        lead(stage_entries.visit_no) over visits_of_opportunity is null as is_last,
        stage_entries.change_source,
        stage_entries.changed_by,
        stage_entries.owner_id,
        stage_entries.is_closed,
        stage_entries.is_won
    from stage_entries
    inner join ends_of_opportunities
        on stage_entries.opportunity_id = ends_of_opportunities.opportunity_id
    window
        visits_of_opportunity as (
            partition by stage_entries.opportunity_id
            order by stage_entries.visit_no
        )

),

-- a skip is judged against the stages that the pipeline really has: active, and mapped
canonical_stages_of_pipelines as (

    select distinct
        int_stage_definitions.crm,
        int_stage_definitions.pipeline_id,
        int_stage_meanings.canonical_stage
    from int_stage_definitions
    inner join int_stage_meanings
        on int_stage_definitions.stage_key = int_stage_meanings.stage_key
    where
        int_stage_definitions.is_active
        -- being created in the first or second stage skips nothing
        and int_stage_meanings.canonical_stage between 2 and 6
        and int_stage_meanings.meaning_from <= {{ as_of() }}
        and (int_stage_meanings.meaning_to is null or int_stage_meanings.meaning_to > {{ as_of() }})

),

skipped_stages as (

    select
        visits.opportunity_id,
        visits.visit_no,
        canonical_stages_of_pipelines.canonical_stage
    from visits
    inner join canonical_stages_of_pipelines
        on
            visits.crm = canonical_stages_of_pipelines.crm
            and visits.pipeline_id = canonical_stages_of_pipelines.pipeline_id
            and visits.canonical_stage > canonical_stages_of_pipelines.canonical_stage
    left join visits as earlier_visits
        on
            visits.opportunity_id = earlier_visits.opportunity_id
            and canonical_stages_of_pipelines.canonical_stage = earlier_visits.canonical_stage
            and visits.visit_no > earlier_visits.visit_no
    where
        visits.canonical_stage <= 7
        and earlier_visits.opportunity_id is null
        and canonical_stages_of_pipelines.canonical_stage > case
            when visits.visit_no = 1 then 0
            else visits.from_canonical_stage
        end

),

skipped_stages_by_visit as (

    select
        opportunity_id,
        visit_no,
        cast(count(*) as integer) as skipped_stage_count,
        {{ dbt.listagg('cast(canonical_stage as varchar)', "','", 'order by canonical_stage') }}
            as skipped_canonical_stages
    from skipped_stages
    group by
        opportunity_id,
        visit_no

),

visits_with_moves as (

    select
        visits.*,
        coalesce(skipped_stages_by_visit.skipped_stage_count, 0) as skipped_stage_count,
        skipped_stages_by_visit.skipped_canonical_stages,
        case
            when visits.canonical_stage is null then null
            when visits.visit_no > 1 and visits.from_canonical_stage is null then null
            when skipped_stages_by_visit.skipped_stage_count > 0 then 'skip'
            when visits.visit_no = 1 then 'forward'
            when visits.canonical_stage = visits.from_canonical_stage then 'lateral'
            -- nothing follows a lost deal but another try, and a won deal that is lost after all goes back, too
            when visits.from_canonical_stage = 8 or (visits.from_canonical_stage = 7 and visits.canonical_stage = 8)
                then 'backward'
            when visits.canonical_stage > visits.from_canonical_stage then 'forward'
            else 'backward'
        end as move_type
    from visits
    left join skipped_stages_by_visit
        on
            visits.opportunity_id = skipped_stages_by_visit.opportunity_id
            and visits.visit_no = skipped_stages_by_visit.visit_no

)

select * from visits_with_moves
