{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'period_fingerprint']) }}

with

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    {{ touched_only() }}

),

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}
    {{ touched_only() }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    {{ touched_only() }}

),

int_pipeline_period_days as (

    select * from {{ ref('int_pipeline_period_days') }}

),

versions_with_record as (

    select
        fct_opportunity_version.*,
        int_opportunity_outcomes.outcome_class,
        {{ reporting_day('int_opportunity_outcomes.outcome_since') }} as outcome_date,
        dim_opportunity.is_primary_record,
        coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }}) as primary_since
    from fct_opportunity_version
    inner join int_opportunity_outcomes
        on
            fct_opportunity_version.opportunity_id = int_opportunity_outcomes.opportunity_id
            and fct_opportunity_version.version_no = int_opportunity_outcomes.version_no
    inner join dim_opportunity
        on fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id

),

counted_versions as (

    {{ counted_stretches('versions_with_record') }}

),

numbered_versions as (

    select
        opportunity_id,
        is_current,
        is_open,
        is_counted,
        stage_key,
        owner_id,
        owner_key,
        pipeline_id,
        close_date,
        amount,
        amount_original,
        currency_code,
        fx_rate,
        outcome_class,
        outcome_date,
        {{ reporting_day('counted_from') }} as from_date,
        {{ reporting_day('counted_to') }} as to_date,
        row_number() over (
            partition by opportunity_id
            order by version_no asc, counted_from asc
        ) as version_no
    from counted_versions

),

versions_with_previous as (

    select
        *,
        lead(version_no) over versions_of_opportunity is null and not is_current as ends_with_deletion,
        lag(owner_id) over versions_of_opportunity as previous_owner_id,
        lag(pipeline_id) over versions_of_opportunity as previous_pipeline_id,
        lag(is_counted) over versions_of_opportunity as previous_is_counted
    from numbered_versions
    window
        versions_of_opportunity as (
            partition by opportunity_id
            order by version_no
        )

),

-- the last version before the owner, pipeline and record of a version took the deal over
versions as (

    select
        *,
        {{ last_known(
            'case when owner_id is distinct from previous_owner_id or pipeline_id is distinct from previous_pipeline_id '
            ~ 'or is_counted is distinct from previous_is_counted then version_no - 1 end',
            'opportunity_id', 'version_no'
        ) }} as handover_version_no
    from versions_with_previous

),

-- the periods that a deal has to do with: it was open in one and due in it, or it closed in it
opportunities_by_period as (

    select
        versions.opportunity_id,
        period_days.period_type,
        period_days.period_start_date,
        period_days.period_end_date
    from versions
    inner join int_pipeline_period_days as period_days
        on versions.close_date = period_days.date_day
    where
        versions.is_open
        and versions.from_date <= period_days.period_end_date
        and coalesce(versions.to_date, period_days.period_end_date) >= period_days.period_start_date
    union distinct
    select
        versions.opportunity_id,
        period_days.period_type,
        period_days.period_start_date,
        period_days.period_end_date
    from versions
    inner join int_pipeline_period_days as period_days
        on versions.outcome_date = period_days.date_day
    where not versions.is_open

),

-- half-open: what happens at the instant in which a period ends belongs to the next
boundaries as (

    select
        opportunities_by_period.opportunity_id,
        opportunities_by_period.period_type,
        opportunities_by_period.period_start_date,
        opportunities_by_period.period_end_date,
        max(case when versions.from_date < opportunities_by_period.period_start_date then versions.version_no end)
            as start_version_no,
        max(versions.version_no) as end_version_no,
        min(
            case
                when
                    versions.from_date >= opportunities_by_period.period_start_date
                    and versions.is_open
                    and versions.close_date >= opportunities_by_period.period_start_date
                    and versions.close_date <= opportunities_by_period.period_end_date
                    then versions.version_no
            end
        ) as entry_version_no
    from opportunities_by_period
    inner join versions
        on
            opportunities_by_period.opportunity_id = versions.opportunity_id
            and opportunities_by_period.period_end_date >= versions.from_date
    group by
        opportunities_by_period.opportunity_id,
        opportunities_by_period.period_type,
        opportunities_by_period.period_start_date,
        opportunities_by_period.period_end_date

),

states as (

    select
        boundaries.*,
        start_versions.version_no is not null as existed_at_start,
        coalesce(
            start_versions.is_open
            and start_versions.close_date >= boundaries.period_start_date
            and start_versions.close_date <= boundaries.period_end_date,
            false
        ) as is_in_scope_at_start,
        end_versions.ends_with_deletion and end_versions.to_date <= boundaries.period_end_date as is_deleted,
        start_versions.is_open as was_open_at_start,
        end_versions.is_open as is_open_at_end,
        end_versions.outcome_class,
        end_versions.outcome_date,
        start_versions.close_date as from_close_date,
        end_versions.close_date as to_close_date,
        start_versions.amount as from_amount,
        end_versions.amount as to_amount,
        entry_versions.amount as entry_amount,
        start_versions.amount_original as from_amount_original,
        end_versions.amount_original as to_amount_original,
        entry_versions.amount_original as entry_amount_original,
        handover_versions.amount as handover_amount,
        handover_versions.amount_original as handover_amount_original,
        {% for name in ['currency_code', 'fx_rate'] -%}
            start_versions.{{ name }} as from_{{ name }},
            entry_versions.{{ name }} as entry_{{ name }},
            handover_versions.{{ name }} as handover_{{ name }},
            end_versions.{{ name }} as to_{{ name }},
        {% endfor -%}
        start_versions.stage_key as from_stage_key,
        end_versions.stage_key as to_stage_key,
        start_versions.owner_id as from_owner_id,
        start_versions.owner_key as from_owner_key,
        start_versions.pipeline_id as from_pipeline_id,
        entry_versions.owner_id as entry_owner_id,
        entry_versions.owner_key as entry_owner_key,
        entry_versions.pipeline_id as entry_pipeline_id,
        end_versions.owner_id as to_owner_id,
        end_versions.owner_key as to_owner_key,
        end_versions.pipeline_id as to_pipeline_id,
        start_versions.is_counted as from_is_primary_record,
        entry_versions.is_counted as entry_is_primary_record,
        end_versions.is_counted as to_is_primary_record
    from boundaries
    inner join versions as end_versions
        on
            boundaries.opportunity_id = end_versions.opportunity_id
            and boundaries.end_version_no = end_versions.version_no
    left join versions as start_versions
        on
            boundaries.opportunity_id = start_versions.opportunity_id
            and boundaries.start_version_no = start_versions.version_no
    left join versions as entry_versions
        on
            boundaries.opportunity_id = entry_versions.opportunity_id
            and boundaries.entry_version_no = entry_versions.version_no
    left join versions as handover_versions
        on
            end_versions.opportunity_id = handover_versions.opportunity_id
            and end_versions.handover_version_no = handover_versions.version_no

)

select * from states
-- a deal that was closed before, or is due in another period, has no part in this one
where
    is_in_scope_at_start
    or entry_version_no is not null
    or (not is_open_at_end and not is_deleted and outcome_date >= period_start_date)
