with

records as (

    select * from {{ ref('int_opportunity_records') }}

),

versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

visits as (

    select * from {{ ref('int_stage_visits') }}

),

loss_reason_map as (

    select * from {{ ref('loss_reason_map') }}

),

states_at_as_of as (

    select * from versions
    where is_last

),

last_visits as (

    select * from visits
    where is_last

),

-- either record may name the other; the smallest id decides where several do
crosswalk_claims as (

    select
        opportunity_id,
        case crm when 'salesforce' then 'hubspot:' else 'salesforce:' end || crosswalk_source_id as other_id
    from records
    where crosswalk_source_id <> ''

),

crosswalks as (

    select
        claims_of_both.opportunity_id,
        min(claims_of_both.other_id) as crosswalk_id
    from (
        select
            opportunity_id,
            other_id
        from crosswalk_claims
        union
        select
            other_id as opportunity_id,
            opportunity_id as other_id
        from crosswalk_claims
    ) as claims_of_both
    inner join records
        on claims_of_both.other_id = records.opportunity_id
    group by claims_of_both.opportunity_id

),

opportunities as (

    select
        records.opportunity_id,
        {{ surrogate_key(['records.opportunity_id']) }} as opportunity_key,
        records.crm,
        records.source_id,
        records.opportunity_name,
        coalesce(states_at_as_of.pipeline_id, records.pipeline_id) as pipeline_id,
        coalesce(states_at_as_of.source_stage_id, records.source_stage_id) as source_stage_id,
        states_at_as_of.stage_key,
        states_at_as_of.canonical_stage,
        states_at_as_of.amount,
        states_at_as_of.amount_original,
        records.currency_code,
        states_at_as_of.fx_rate,
        states_at_as_of.win_probability,
        states_at_as_of.stage_default_probability,
        states_at_as_of.forecast_category,
        states_at_as_of.forecast_category_rule,
        states_at_as_of.close_date,
        records.source_close_at,
        records.created_at,
        case when states_at_as_of.is_closed then last_visits.entered_at end as closed_at,
        coalesce(states_at_as_of.is_closed, records.is_closed_flag, false) as is_closed,
        coalesce(states_at_as_of.is_won, records.is_won_flag, false) as is_won,
        records.is_closed_flag,
        records.is_won_flag,
        states_at_as_of.owner_id,
        records.account_id,
        records.record_type,
        records.opportunity_type,
        records.lead_source,
        records.next_step,
        records.loss_reason_raw,
        loss_reason_map.loss_class,
        records.competitor,
        records.last_activity_date,
        records.source_modified_at,
        records.is_deleted,
        records.deleted_at,
        records.merged_into_id,
        crosswalks.crosswalk_id
    from records
    left join states_at_as_of
        on records.opportunity_id = states_at_as_of.opportunity_id
    left join last_visits
        on records.opportunity_id = last_visits.opportunity_id
    left join loss_reason_map
        on
            records.crm = loss_reason_map.crm
            and lower(records.loss_reason_raw) = lower(loss_reason_map.loss_reason)
    left join crosswalks
        on records.opportunity_id = crosswalks.opportunity_id

),

opportunities_with_outcome as (

    select
        *,
        is_closed and not is_won as is_lost,
        case
            when not is_closed then 'open'
            when is_won then 'won'
            when loss_class = 'competitor' then 'lost_competitor'
            when loss_class = 'no_decision' then 'no_decision'
            when loss_class = 'other' then 'lost_other'
            else 'lost_unknown'
        end as outcome_class
    from opportunities

)

select * from opportunities_with_outcome
