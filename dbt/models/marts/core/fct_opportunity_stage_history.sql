with

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

int_untrusted_opportunities as (

    select * from {{ ref('int_untrusted_opportunities') }}

),

visits_with_duration as (

    select
        *,
        {{ decimal_days('entered_at', 'coalesce(exited_at, ' ~ as_of() ~ ')') }} as days_in_stage
    from int_stage_visits

),

visits as (

    select
        {{ surrogate_key(['visits_with_duration.opportunity_id', 'visits_with_duration.visit_no']) }}
            as stage_visit_key,
        {{ surrogate_key(['visits_with_duration.opportunity_id']) }} as opportunity_key,
        visits_with_duration.opportunity_id,
        visits_with_duration.crm,
        visits_with_duration.pipeline_id,
        visits_with_duration.visit_no,
        visits_with_duration.source_stage_id,
        visits_with_duration.stage_key,
        visits_with_duration.canonical_stage,
        visits_with_duration.from_source_stage_id,
        visits_with_duration.from_stage_key,
        visits_with_duration.from_canonical_stage,
        visits_with_duration.entered_at,
        {{ reporting_day('visits_with_duration.entered_at') }} as entered_date,
        visits_with_duration.exited_at,
        visits_with_duration.days_in_stage,
        visits_with_duration.is_reentry,
        visits_with_duration.move_type,
        visits_with_duration.skipped_stage_count,
        visits_with_duration.skipped_canonical_stages,
        int_stage_meanings.sla_days,
        visits_with_duration.days_in_stage > int_stage_meanings.sla_days as is_over_sla,
        visits_with_duration.exited_at is null as is_open_visit,
        visits_with_duration.owner_id,
        owners.user_key as owner_key,
        visits_with_duration.changed_by,
        int_untrusted_opportunities.opportunity_id is null as is_stage_trusted,
        int_untrusted_opportunities.untrusted_finding_keys
    from visits_with_duration
    left join int_stage_meanings
        on
            visits_with_duration.stage_key = int_stage_meanings.stage_key
            and visits_with_duration.entered_at >= int_stage_meanings.meaning_from
            and visits_with_duration.entered_at < coalesce(int_stage_meanings.meaning_to, {{ end_of_time() }})
    left join int_users_conformed as owners
        on visits_with_duration.owner_id = owners.user_id
    left join int_untrusted_opportunities
        on visits_with_duration.opportunity_id = int_untrusted_opportunities.opportunity_id

)

select * from visits
