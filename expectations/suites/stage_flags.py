"""Do a stage's own switches contradict each other or how it is used? C06, C08, C28."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_stages_conformed"

FORECAST_CATEGORY_FITS = Rule(
    id="C06",
    name="forecast_category_fits_stage",
    severity=Severity.ERROR,
    description="Won stages forecast as closed, lost stages as omitted, and no open stage as closed.",
    table=TABLE,
    population="is_in_metadata and forecast_category is not null",
    touch=Touch.STAGE_EVER,
    action="CRM administrator: set the stage's forecast category to match its closed flag.",
    evidence="""
contradictions as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'stage' as entity_type,
        source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || source_label || '" is ' || case when is_won then 'won' when is_closed then 'lost' else 'open' end
        || ' and forecasts as ' || forecast_category as observed,
        case
            when is_won then 'closed'
            when is_closed then 'omitted'
            else 'pipeline, best_case, commit or omitted'
        end as expected,
        stage_key as touched_stage_key,
        source_label,
        is_closed,
        is_won,
        forecast_category,
        default_probability,
        opportunity_count,
        open_amount
    from population
    where (is_won and forecast_category <> 'closed')
        or (is_closed and not is_won and forecast_category <> 'omitted')
        or (not is_closed and forecast_category = 'closed')
)
select * from contradictions""",
)

INACTIVE_STAGE_IS_LEFT_ALONE = Rule(
    id="C08",
    name="inactive_stage_is_not_entered",
    severity=Severity.WARNING,
    description="No deal enters a stage after the stage was switched off.",
    table=TABLE,
    population="is_in_metadata and not is_active and deactivated_at is not null",
    touch=Touch.OPPORTUNITY,
    action=(
        "Sales manager: move the listed deals to an active stage. CRM administrator: find the integration or the "
        "record type that still offers the stage."
    ),
    evidence="""
entries_after_deactivation as (
    select
        population.crm,
        population.pipeline_id,
        population.source_stage_id,
        population.stage_key,
        'stage' as entity_type,
        population.source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || population.source_label || '" is inactive since '
        || cast(cast(population.deactivated_at as date) as varchar) || ' and still entered' as observed,
        'no entry after it was switched off' as expected,
        visits.opportunity_id as touched_opportunity_id,
        visits.entered_at,
        visits.exited_at,
        opportunities.owner_id as opportunity_owner_id,
        opportunities.amount
    from population
    inner join intermediate.int_stage_visits as visits
        on population.stage_key = visits.stage_key
    inner join intermediate.int_opportunities_conformed as opportunities
        on visits.opportunity_id = opportunities.opportunity_id
    where visits.entered_at > population.deactivated_at and not opportunities.is_deleted
)
select * from entries_after_deactivation""",
)

OPEN_STAGE_IS_FORECAST = Rule(
    id="C28",
    name="open_stage_is_forecast",
    severity=Severity.INFO,
    description="An open stage has a part in the forecast: its category is not omitted.",
    table=TABLE,
    population="is_active and is_in_metadata and not is_closed and forecast_category is not null",
    touch=Touch.STAGE_NOW,
    action=(
        "Sales operations: confirm that nobody should count on deals of this stage, or have the CRM administrator "
        "give it a forecast category."
    ),
    evidence="""
omitted_open_stages as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'stage' as entity_type,
        source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || source_label || '" is open and forecasts as omitted' as observed,
        'pipeline, best_case or commit' as expected,
        stage_key as touched_stage_key,
        source_label,
        default_probability,
        open_opportunity_count,
        open_amount
    from population
    where forecast_category = 'omitted'
)
select * from omitted_open_stages""",
)

SUITE = Suite("flags", TABLE, (FORECAST_CATEGORY_FITS, INACTIVE_STAGE_IS_LEFT_ALONE, OPEN_STAGE_IS_FORECAST))
