-- The visits of a deal follow each other without a gap, from its first version to its last.

with

fct_opportunity_stage_history as (

    select * from {{ ref('fct_opportunity_stage_history') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

visits_with_next as (

    select
        *,
        lead(entered_at) over (
            partition by opportunity_id
            order by visit_no
        ) as next_entered_at
    from fct_opportunity_stage_history

),

spans_of_visits as (

    select
        opportunity_id,
        min(entered_at) as starts_at,
        max(case when next_entered_at is null then coalesce(exited_at, {{ as_of() }}) end) as ends_at,
        max(
            case when next_entered_at is distinct from exited_at and next_entered_at is not null then 1 else 0 end
        ) as has_gap
    from visits_with_next
    group by opportunity_id

),

spans_of_versions as (

    select
        opportunity_id,
        min(valid_from) as starts_at,
        max(coalesce(valid_to, {{ as_of() }})) as ends_at
    from fct_opportunity_version
    group by opportunity_id

)

select
    spans_of_versions.opportunity_id,
    spans_of_visits.starts_at,
    spans_of_visits.ends_at
from spans_of_versions
full outer join spans_of_visits
    on spans_of_versions.opportunity_id = spans_of_visits.opportunity_id
where
    spans_of_visits.has_gap = 1
    or spans_of_versions.starts_at is distinct from spans_of_visits.starts_at
    or spans_of_versions.ends_at is distinct from spans_of_visits.ends_at
