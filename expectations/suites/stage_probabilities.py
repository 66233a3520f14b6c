"""Do the default probabilities of stages agree with each other and with what the stages say? C03, C04, C05."""

from __future__ import annotations

from expectations.rules import Rule, Severity, Suite, Touch

TABLE = "intermediate.int_stages_conformed"
OPEN_STAGES_IN_USE = (
    "is_active and is_in_metadata and canonical_stage between 1 and 6 and default_probability is not null"
)
# a stage that nobody has mapped yet has its place in the order all the same
OPEN_STAGES_IN_ORDER = (
    "is_active and is_in_metadata and default_probability is not null "
    "and (canonical_stage between 1 and 6 or (canonical_stage is null and not is_closed))"
)

PROBABILITIES_AGREE = Rule(
    id="C03",
    name="canonical_stage_has_one_probability",
    severity=Severity.WARNING,
    description="A canonical stage is worth about the same in every pipeline: default probabilities within 0.10.",
    table=TABLE,
    population=OPEN_STAGES_IN_USE,
    touch=Touch.STAGE_NOW,
    action=(
        "Sales operations: compare the win rates behind both pipelines and set one default probability, "
        "or map the stages to different canonical stages."
    ),
    evidence="""
ranges as (
    select
        canonical_stage,
        crm,
        pipeline_id,
        crm || '/' || pipeline_id as pipeline,
        min(default_probability) as lowest,
        max(default_probability) as highest
    from population
    group by canonical_stage, crm, pipeline_id
),
ranges_apart as (
    select
        one_range.canonical_stage,
        one_range.pipeline as one_pipeline,
        other_range.pipeline as other_pipeline,
        greatest(other_range.lowest - one_range.highest, one_range.lowest - other_range.highest) as gap
    from ranges as one_range
    inner join ranges as other_range
        on one_range.canonical_stage = other_range.canonical_stage
        and one_range.pipeline < other_range.pipeline
    where greatest(other_range.lowest - one_range.highest, one_range.lowest - other_range.highest) > 0.10
),
stages_of_these_ranges as (
    select
        cast(null as varchar) as crm,
        cast(null as varchar) as pipeline_id,
        cast(null as varchar) as source_stage_id,
        cast(null as varchar) as stage_key,
        'canonical_stage' as entity_type,
        cast(ranges_apart.canonical_stage as varchar) || ':' || ranges_apart.one_pipeline
        || '|' || ranges_apart.other_pipeline as entity_id,
        cast(null as varchar) as owner_id,
        population.crm || '/' || population.pipeline_id || ' "' || population.source_label || '" '
        || cast(population.default_probability as varchar) as observed,
        'at most 0.10 between the pipelines' as expected,
        population.stage_key as touched_stage_key,
        ranges_apart.gap,
        population.crm as stage_crm,
        population.pipeline_id as stage_pipeline_id,
        population.source_stage_id as stage_id,
        population.source_label,
        population.default_probability,
        population.open_opportunity_count,
        population.open_amount
    from ranges_apart
    inner join population
        on ranges_apart.canonical_stage = population.canonical_stage
        and population.crm || '/' || population.pipeline_id
            in (ranges_apart.one_pipeline, ranges_apart.other_pipeline)
)
select * from stages_of_these_ranges""",
)

PROBABILITY_RISES = Rule(
    id="C04",
    name="probability_rises_along_stages",
    severity=Severity.WARNING,
    description="A later open stage never has a lower default probability than the stage before it.",
    table=TABLE,
    population=OPEN_STAGES_IN_ORDER,
    touch=Touch.STAGE_NOW,
    action="Sales operations: correct the default probability, or put the stages into the order that deals take.",
    evidence="""
stages_in_order as (
    select
        *,
        lag(source_stage_id) over (
            partition by crm, pipeline_id order by stage_order, source_stage_id
        ) as preceding_stage_id,
        lag(source_label) over (
            partition by crm, pipeline_id order by stage_order, source_stage_id
        ) as preceding_label,
        lag(default_probability) over (
            partition by crm, pipeline_id order by stage_order, source_stage_id
        ) as preceding_probability
    from population
),
inversions as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'stage' as entity_type,
        source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || source_label || '" ' || cast(default_probability as varchar)
        || ' comes after "' || preceding_label || '" ' || cast(preceding_probability as varchar) as observed,
        'at least ' || cast(preceding_probability as varchar) as expected,
        stage_key as touched_stage_key,
        stage_order,
        source_label,
        default_probability,
        preceding_stage_id,
        preceding_label,
        preceding_probability,
        open_opportunity_count,
        open_amount
    from stages_in_order
    where default_probability < preceding_probability
)
select * from inversions""",
)

PROBABILITY_FITS_OUTCOME = Rule(
    id="C05",
    name="probability_fits_outcome",
    severity=Severity.ERROR,
    description="Won stages stand at probability 1, lost stages at 0, and open stages strictly between.",
    table=TABLE,
    population="is_in_metadata and default_probability is not null",
    touch=Touch.STAGE_EVER,
    action=(
        "CRM administrator: set the closed and won flags and the probability of the stage so that they agree; "
        "sales operations: correct its row in dbt/seeds/stage_map.csv if the flags are right."
    ),
    evidence="""
stages_with_reading as (
    select
        *,
        case
            when is_won or canonical_stage = 7 then 'won'
            when is_closed or canonical_stage = 8 then 'lost'
            else 'open'
        end as reading,
        -- the map decides what counts as open: against the CRM's flags, closed deals would be open pipeline
        coalesce(
            (is_closed and canonical_stage between 0 and 6) or (is_won and canonical_stage = 8), false
        ) as is_mapped_otherwise
    from population
),
contradictions as (
    select
        crm,
        pipeline_id,
        source_stage_id,
        stage_key,
        'stage' as entity_type,
        source_stage_id as entity_id,
        cast(null as varchar) as owner_id,
        '"' || source_label || '" reads as ' || reading || ', is '
        || case when is_closed then 'closed' else 'open' end
        || ' and has probability ' || cast(default_probability as varchar)
        || case
            when is_mapped_otherwise then '; the stage map says stage ' || cast(canonical_stage as varchar)
            else ''
        end as observed,
        case
            when is_mapped_otherwise then 'one outcome in the stage map and in the CRM'
            when reading = 'won' then 'closed, won and probability 1'
            when reading = 'lost' then 'closed, not won and probability 0'
            else 'a probability above 0 and below 1'
        end as expected,
        stage_key as touched_stage_key,
        source_label,
        canonical_stage,
        is_closed,
        is_won,
        default_probability,
        opportunity_count,
        open_opportunity_count,
        open_amount
    from stages_with_reading
    where (reading = 'won' and default_probability < 1)
        or (reading = 'lost' and default_probability > 0)
        or (not is_closed and default_probability in (0, 1))
        or is_mapped_otherwise
)
select * from contradictions""",
)

SUITE = Suite("probabilities", TABLE, (PROBABILITIES_AGREE, PROBABILITY_RISES, PROBABILITY_FITS_OUTCOME))
