"""Do deals pass through the stages that their pipeline has? C13."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_stage_visits"

NO_STAGE_IS_SKIPPED = Rule(
    id="C13",
    name="deal_passes_every_stage",
    severity=Severity.WARNING,
    description="A deal that moves forward has visited every stage between that its pipeline has.",
    table=TABLE,
    touch=Touch.OPPORTUNITY,
    action=(
        "Deal owner: confirm the work of the skipped stage, or move the deal back to it. "
        "Sales manager: raise it in the next one-to-one."
    ),
    evidence="""
live_visits as (
    select
        population.*,
        opportunities.owner_id,
        opportunities.amount,
        min(population.visit_no) over (partition by population.opportunity_id) as first_visit_no
    from population
    inner join intermediate.int_opportunities_conformed as opportunities
        on population.opportunity_id = opportunities.opportunity_id
    where not opportunities.is_deleted
),
mapped_visits as (
    -- nobody knows what an unmapped stage stands for (C01 reports it), so moves are read across it
    select
        *,
        case
            when visit_no = first_visit_no then 0
            else lag(canonical_stage) over (partition by opportunity_id order by visit_no)
        end as moved_from
    from live_visits
    where canonical_stage is not null
),
forward_moves as (
    select * from mapped_visits
    where canonical_stage between 2 and 7 and moved_from < canonical_stage - 1
),
stages_of_pipelines as (
    select crm, pipeline_id, canonical_stage, min(source_label) as source_label
    from intermediate.int_stages_conformed
    where is_active and is_in_metadata and canonical_stage between 1 and 6
    group by crm, pipeline_id, canonical_stage
),
first_visits as (
    select opportunity_id, canonical_stage, min(visit_no) as visit_no
    from mapped_visits
    group by opportunity_id, canonical_stage
),
skipped_stages as (
    select
        forward_moves.crm,
        forward_moves.pipeline_id,
        forward_moves.source_stage_id,
        forward_moves.stage_key,
        'opportunity_move' as entity_type,
        forward_moves.opportunity_id || ':' || forward_moves.source_stage_id || ':'
        || replace(cast(forward_moves.entered_at as varchar), ' ', 'T') || 'Z' as entity_id,
        forward_moves.owner_id,
        'moved from stage ' || cast(forward_moves.moved_from as varchar) || ' to '
        || cast(forward_moves.canonical_stage as varchar) || ' without '
        || cast(stages_of_pipelines.canonical_stage as varchar)
        || ' "' || stages_of_pipelines.source_label || '"' as observed,
        'a visit to every stage between' as expected,
        forward_moves.opportunity_id as touched_opportunity_id,
        forward_moves.from_source_stage_id,
        forward_moves.moved_from as from_canonical_stage,
        forward_moves.canonical_stage as to_canonical_stage,
        stages_of_pipelines.canonical_stage as skipped_canonical_stage,
        forward_moves.entered_at,
        forward_moves.amount
    from forward_moves
    inner join stages_of_pipelines
        on forward_moves.crm = stages_of_pipelines.crm
        and forward_moves.pipeline_id = stages_of_pipelines.pipeline_id
        and forward_moves.moved_from < stages_of_pipelines.canonical_stage
        and forward_moves.canonical_stage > stages_of_pipelines.canonical_stage
    left join first_visits
        on forward_moves.opportunity_id = first_visits.opportunity_id
        and stages_of_pipelines.canonical_stage = first_visits.canonical_stage
        and forward_moves.visit_no > first_visits.visit_no
    where first_visits.opportunity_id is null
        -- a deal may begin at the initial contact or at qualification
        and not (forward_moves.moved_from = 0 and stages_of_pipelines.canonical_stage = 1)
)
select * from skipped_stages""",
)

SUITE = Suite("paths", TABLE, (NO_STAGE_IS_SKIPPED,))
