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
    # which stages a move passed is worked out once, in int_stage_visits; the marts read it there, too
    action=(
        "Deal owner: confirm the work of the skipped stage, or move the deal back to it. "
        "Sales manager: raise it in the next one-to-one."
    ),
    evidence="""
moves_past_a_stage as (
    select
        population.crm,
        population.pipeline_id,
        population.source_stage_id,
        population.stage_key,
        'opportunity_move' as entity_type,
        population.opportunity_id || ':' || population.source_stage_id || ':'
        || replace(cast(population.entered_at as varchar), ' ', 'T') || 'Z' as entity_id,
        opportunities.owner_id,
        case
            when population.from_canonical_stage is null then 'began in stage '
            else 'moved from stage ' || cast(population.from_canonical_stage as varchar) || ' to '
        end || cast(population.canonical_stage as varchar)
        || ' without ' || population.skipped_canonical_stages as observed,
        'a visit to every stage between that the pipeline has' as expected,
        population.opportunity_id as touched_opportunity_id,
        population.from_source_stage_id,
        population.from_canonical_stage,
        population.canonical_stage as to_canonical_stage,
        population.skipped_canonical_stages,
        population.entered_at,
        opportunities.amount
    from population
    inner join intermediate.int_opportunities_conformed as opportunities
        on population.opportunity_id = opportunities.opportunity_id
    where population.skipped_stage_count > 0 and not opportunities.is_deleted
)
select * from moves_past_a_stage""",
)

SUITE = Suite("paths", TABLE, (NO_STAGE_IS_SKIPPED,))
