"""Does every stage mean something, and the same thing everywhere? C01, C02, C07."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_stages_conformed"

STAGE_IS_MAPPED = Rule(
    id="C01",
    name="stage_is_mapped",
    severity=Severity.ERROR,
    description="Every stage that a deal can stand in has a canonical meaning.",
    table=TABLE,
    # a stage that was switched off and that nobody ever used needs no meaning
    population="is_active or opportunity_count > 0 or first_entered_at is not null",
    touch=Touch.STAGE_EVER,
    action="Sales operations: give the stage a row in dbt/seeds/stage_map.csv, or retire it in the CRM.",
    evidence="""
entries_without_mapping as (
    select
        visits.stage_key,
        max(visits.entered_at) as last_unmapped_entry_at
    from intermediate.int_stage_visits as visits
    inner join intermediate.int_opportunities_conformed as opportunities
        on visits.opportunity_id = opportunities.opportunity_id
    where visits.canonical_stage is null and not opportunities.is_deleted
    group by visits.stage_key
),
stages_without_mapping as (
    select
        population.crm,
        population.pipeline_id,
        population.source_stage_id,
        population.stage_key,
        'stage' as entity_type,
        population.source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || population.source_label || '" has no row in the stage map' || case
            when population.canonical_stage is null then ''
            else ' for ' || cast(cast(entries_without_mapping.last_unmapped_entry_at as date) as varchar)
                || ', when a deal entered it'
        end as observed,
        'a canonical stage from 0 to 9' as expected,
        population.stage_key as touched_stage_key,
        population.source_label,
        population.default_probability,
        population.forecast_category,
        population.opportunity_count,
        population.open_opportunity_count,
        population.open_amount,
        entries_without_mapping.last_unmapped_entry_at
    from population
    left join entries_without_mapping on population.stage_key = entries_without_mapping.stage_key
    where population.canonical_stage is null or entries_without_mapping.stage_key is not null
)
select * from stages_without_mapping""",
)

LABEL_MEANS_ONE_STAGE = Rule(
    id="C02",
    name="label_means_one_stage",
    severity=Severity.ERROR,
    description="A label that people read stands for the same canonical stage in every pipeline.",
    table=TABLE,
    population="canonical_stage is not null",
    touch=Touch.STAGE_EVER,
    action=(
        "Sales operations: rename one of the stages, or give both the same canonical stage in dbt/seeds/stage_map.csv."
    ),
    evidence="""
labels_with_two_meanings as (
    select
        lower(trim(source_label)) as folded_label,
        min(source_label) as shown_label
    from population
    group by lower(trim(source_label))
    having min(canonical_stage) < max(canonical_stage)
),
stages_under_these_labels as (
    select
        cast(null as varchar) as crm,
        cast(null as varchar) as pipeline_id,
        cast(null as varchar) as source_stage_id,
        cast(null as varchar) as stage_key,
        'label' as entity_type,
        labels_with_two_meanings.shown_label as entity_id,
        cast(null as varchar) as owner_id,
        population.crm || '/' || population.pipeline_id || ' says stage '
        || cast(population.canonical_stage as varchar) as observed,
        'one canonical stage per label' as expected,
        population.stage_key as touched_stage_key,
        population.crm as stage_crm,
        population.pipeline_id as stage_pipeline_id,
        population.source_stage_id as stage_id,
        population.source_label,
        population.canonical_stage,
        population.canonical_stage_name,
        population.opportunity_count,
        population.open_amount
    from population
    inner join labels_with_two_meanings
        on lower(trim(population.source_label)) = labels_with_two_meanings.folded_label
)
select * from stages_under_these_labels""",
)

STAGE_IS_LISTED = Rule(
    id="C07",
    name="used_stage_is_listed",
    severity=Severity.ERROR,
    description="Every stage that deals use or used is one that the CRM lists.",
    table=TABLE,
    touch=Touch.STAGE_EVER,
    action=(
        "CRM administrator: move the deals to a listed stage, or restore the stage as an inactive one, "
        "so that its old visits keep a definition."
    ),
    evidence="""
uses as (
    select
        visits.stage_key,
        min(visits.entered_at) as first_used_at,
        max(visits.entered_at) as last_used_at,
        count(distinct visits.opportunity_id) as opportunities_with_visits
    from intermediate.int_stage_visits as visits
    inner join intermediate.int_opportunities_conformed as opportunities
        on visits.opportunity_id = opportunities.opportunity_id
    where not opportunities.is_deleted
    group by visits.stage_key
),
used_stages_not_listed as (
    select
        population.crm,
        population.pipeline_id,
        population.source_stage_id,
        population.stage_key,
        'stage' as entity_type,
        population.source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || population.source_stage_id || '" is used, last on '
        || cast(cast(uses.last_used_at as date) as varchar) || ', but not listed' as observed,
        'a stage in the list of the CRM' as expected,
        population.stage_key as touched_stage_key,
        uses.first_used_at,
        uses.last_used_at,
        uses.opportunities_with_visits,
        population.opportunity_count,
        population.open_opportunity_count,
        population.open_amount
    from population
    inner join uses on population.stage_key = uses.stage_key
    where not population.is_in_metadata
)
select * from used_stages_not_listed""",
)

SUITE = Suite("meaning", TABLE, (STAGE_IS_MAPPED, LABEL_MEANS_ONE_STAGE, STAGE_IS_LISTED))
