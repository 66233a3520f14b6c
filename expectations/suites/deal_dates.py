"""Can a deal's dates be true? C16, C17."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_opportunities_conformed"

DATES_ARE_IN_ORDER = Rule(
    id="C16",
    name="deal_dates_are_in_order",
    severity=Severity.ERROR,
    description="A deal is created before anything else happens to it, and closed after that.",
    table=TABLE,
    population="not is_deleted",
    touch=Touch.OPPORTUNITY,
    action="Deal owner: correct the close date. CRM administrator: look at the import that wrote the dates.",
    evidence="""
closed_before_created as (
    select
        opportunity_id,
        'closed ' || coalesce(cast(source_close_at as varchar), cast(close_date as varchar))
        || ', created ' || cast(created_at as varchar) as observed,
        source_close_at as happened_at,
        'closed' as what_happened
    from population
    where is_closed
        and (
            source_close_at < created_at
            -- a close date without a time is a day where its owner works: up to a day off from UTC
            or (source_close_at is null and close_date < cast(created_at - interval '1' day as date))
        )
),
visited_before_created as (
    select
        population.opportunity_id,
        'entered ' || visits.source_stage_id || ' ' || cast(visits.entered_at as varchar)
        || ', created ' || cast(population.created_at as varchar) as observed,
        visits.entered_at as happened_at,
        'entered ' || visits.source_stage_id as what_happened
    from population
    inner join intermediate.int_stage_visits as visits
        on population.opportunity_id = visits.opportunity_id
    where visits.entered_at < population.created_at
),
impossible_dates as (
    select * from closed_before_created
    union all
    select * from visited_before_created
),
deals_with_impossible_dates as (
    select
        population.crm,
        population.pipeline_id,
        population.source_stage_id,
        population.stage_key,
        'opportunity' as entity_type,
        population.opportunity_id as entity_id,
        population.owner_id,
        impossible_dates.observed,
        'created first, closed last' as expected,
        population.opportunity_id as touched_opportunity_id,
        impossible_dates.what_happened,
        impossible_dates.happened_at,
        population.created_at,
        population.source_close_at,
        population.close_date,
        population.amount
    from population
    inner join impossible_dates on population.opportunity_id = impossible_dates.opportunity_id
)
select * from deals_with_impossible_dates""",
)

OPEN_DEAL_CLOSES_LATER = Rule(
    id="C17",
    name="open_deal_closes_in_the_future",
    severity=Severity.WARNING,
    description="An open deal has a close date that is not past yet.",
    table=TABLE,
    population="not is_deleted and not is_closed",
    touch=Touch.OPPORTUNITY,
    action="Deal owner: set the close date that the customer agreed to, or close the deal.",
    evidence="""
overdue_deals as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'opportunity' as entity_type,
        opportunity_id as entity_id,
        owner_id,
        'closes ' || cast(close_date as varchar) as observed,
        'not before ' || cast({as_of_date} as varchar) as expected,
        opportunity_id as touched_opportunity_id,
        close_date,
        {as_of_date} - close_date as overdue_days,
        amount,
        forecast_category
    from population
    where close_date < {as_of_date}
)
select * from overdue_deals""",
)

SUITE = Suite("dates", TABLE, (DATES_ARE_IN_ORDER, OPEN_DEAL_CLOSES_LATER))
