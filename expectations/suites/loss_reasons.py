"""Does every lost deal say why? C24."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_opportunities_conformed"

LOSS_HAS_A_REASON = Rule(
    id="C24",
    name="lost_deal_has_a_known_reason",
    severity=Severity.WARNING,
    description="A lost deal says whether a competitor or no decision took it; up to a tenth may not.",
    table=TABLE,
    population="is_lost and not is_deleted",
    touch=Touch.OPPORTUNITY,
    escalates_above=0.10,
    action=(
        "Deal owner: enter why the deal was lost. Sales operations: give the reason a row in "
        "dbt/seeds/loss_reason_map.csv if it is a good one that the map lacks."
    ),
    evidence="""
losses_without_reason as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'opportunity' as entity_type,
        opportunity_id as entity_id,
        owner_id,
        case
            when trim(coalesce(loss_reason_raw, '')) = '' then 'no reason'
            else 'reason "' || loss_reason_raw || '", which no row of the loss-reason map covers'
        end as observed,
        'a reason that means competitor, no decision or other' as expected,
        opportunity_id as touched_opportunity_id,
        loss_reason_raw,
        closed_at,
        amount
    from population
    where loss_class is null
)
select * from losses_without_reason""",
)

SUITE = Suite("loss_reasons", TABLE, (LOSS_HAS_A_REASON,))
