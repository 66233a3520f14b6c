"""Do the stages of one pipeline make one process? C26, C27."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_stages_conformed"

FORECAST_CATEGORY_RISES = Rule(
    id="C26",
    name="forecast_category_rises_along_stages",
    severity=Severity.WARNING,
    description="A later open stage never has a lower forecast category than the stage before it.",
    table=TABLE,
    population="is_active and is_in_metadata and not is_closed and forecast_category is not null",
    touch=Touch.STAGE_NOW,
    action="Sales operations: correct the forecast category, or put the stages into the order that deals take.",
    evidence="""
stages_in_order as (
    select
        *,
        case forecast_category
            when 'omitted' then 0
            when 'pipeline' then 1
            when 'best_case' then 2
            else 3
        end as category_rank
    from population
),
stages_with_preceding as (
    select
        *,
        lag(category_rank) over (
            partition by crm, pipeline_id order by stage_order, source_stage_id
        ) as preceding_category_rank,
        lag(forecast_category) over (
            partition by crm, pipeline_id order by stage_order, source_stage_id
        ) as preceding_category,
        lag(source_label) over (
            partition by crm, pipeline_id order by stage_order, source_stage_id
        ) as preceding_label
    from stages_in_order
),
falling_categories as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'stage' as entity_type,
        source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || source_label || '" ' || forecast_category
        || ' comes after "' || preceding_label || '" ' || preceding_category as observed,
        'at least ' || preceding_category as expected,
        stage_key as touched_stage_key,
        stage_order,
        source_label,
        forecast_category,
        default_probability,
        preceding_label,
        preceding_category,
        open_opportunity_count,
        open_amount
    from stages_with_preceding
    where category_rank < preceding_category_rank
)
select * from falling_categories""",
)

ONE_END_OF_EACH_KIND = Rule(
    id="C27",
    name="pipeline_has_one_won_and_one_lost_stage",
    severity=Severity.INFO,
    description="A pipeline ends in one stage for won deals and one for lost deals.",
    table=TABLE,
    # a closed stage that forecasts as open money is a contradiction of its own, C06
    population=(
        "is_active and is_in_metadata and is_closed and coalesce(forecast_category, 'closed') in ('closed', 'omitted')"
    ),
    touch=Touch.STAGE_NOW,
    action=(
        "Sales operations: say what sets these stages apart. Two sales processes belong into two pipelines or "
        "record types; a reason belongs into the loss reason."
    ),
    evidence="""
ends as (
    select
        crm,
        pipeline_id,
        is_won,
        count(*) as stage_count
    from population
    group by crm, pipeline_id, is_won
),
ends_beside_others as (
    select
        population.crm,
        population.pipeline_id,
        population.source_stage_id,
        population.stage_key,
        'stage' as entity_type,
        population.source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || population.source_label || '" is one of ' || cast(ends.stage_count as varchar)
        || case when population.is_won then ' won stages' else ' lost stages' end as observed,
        case when population.is_won then 'one won stage' else 'one lost stage' end as expected,
        population.stage_key as touched_stage_key,
        population.source_label,
        population.is_won,
        ends.stage_count,
        population.opportunity_count
    from population
    inner join ends
        on population.crm = ends.crm
        and population.pipeline_id = ends.pipeline_id
        and population.is_won = ends.is_won
    where ends.stage_count > 1
)
select * from ends_beside_others""",
)

SUITE = Suite("sets", TABLE, (FORECAST_CATEGORY_RISES, ONE_END_OF_EACH_KIND))
