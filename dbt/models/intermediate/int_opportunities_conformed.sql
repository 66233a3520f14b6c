with

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}

),

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

loss_reason_map as (

    select * from {{ ref('loss_reason_map') }}

),

states_at_as_of as (

    select * from int_opportunity_versions
    where is_last

),

versions_with_previous as (

    select
        opportunity_id,
        valid_from,
        is_closed,
        is_won,
        lag(is_closed) over versions_of_opportunity as was_closed,
        lag(is_won) over versions_of_opportunity as was_won
    from int_opportunity_versions
    window
        versions_of_opportunity as (
            partition by opportunity_id
            order by version_no
        )

),

-- a move from won to post-sale, or between two lost stages, is no second closing
closings as (

    select
        opportunity_id,
        max(valid_from) as closed_at
    from versions_with_previous
    where
        is_closed
        and (was_closed is distinct from is_closed or was_won is distinct from is_won)
    group by opportunity_id

),

-- either record may name the other; where several do, a living one goes first, then the smallest id
crosswalk_claims as (

    select
        opportunity_id,
        case crm when 'salesforce' then 'hubspot:' else 'salesforce:' end || crosswalk_source_id as other_id
    from int_opportunity_records
    where crosswalk_source_id <> ''

),

claims_of_both as (

    select
        opportunity_id,
        other_id
    from crosswalk_claims
    union
    select
        other_id as opportunity_id,
        opportunity_id as other_id
    from crosswalk_claims

),

crosswalks as (

    select
        claims_of_both.opportunity_id,
        coalesce(
            min(case when not int_opportunity_records.is_deleted then claims_of_both.other_id end),
            min(claims_of_both.other_id)
        ) as crosswalk_id
    from claims_of_both
    inner join int_opportunity_records
        on claims_of_both.other_id = int_opportunity_records.opportunity_id
    group by claims_of_both.opportunity_id

),

opportunities as (

    select
        int_opportunity_records.opportunity_id,
        {{ surrogate_key(['int_opportunity_records.opportunity_id']) }} as opportunity_key,
        int_opportunity_records.crm,
        int_opportunity_records.source_id,
        int_opportunity_records.opportunity_name,
        coalesce(states_at_as_of.pipeline_id, int_opportunity_records.pipeline_id) as pipeline_id,
        coalesce(states_at_as_of.source_stage_id, int_opportunity_records.source_stage_id) as source_stage_id,
        states_at_as_of.stage_key,
        states_at_as_of.canonical_stage,
        states_at_as_of.amount,
        states_at_as_of.amount_original,
        coalesce(states_at_as_of.currency_code, int_opportunity_records.currency_code) as currency_code,
        states_at_as_of.fx_rate,
        states_at_as_of.win_probability,
        states_at_as_of.stage_default_probability,
        states_at_as_of.forecast_category,
        states_at_as_of.forecast_category_rule,
        states_at_as_of.close_date,
        int_opportunity_records.source_close_at,
        int_opportunity_records.created_at,
        case when states_at_as_of.is_closed then closings.closed_at end as closed_at,
        coalesce(states_at_as_of.is_closed, int_opportunity_records.is_closed_flag, false) as is_closed,
        coalesce(states_at_as_of.is_won, int_opportunity_records.is_won_flag, false) as is_won,
        int_opportunity_records.is_closed_flag,
        int_opportunity_records.is_won_flag,
        states_at_as_of.owner_id,
        int_opportunity_records.account_id,
        int_opportunity_records.record_type,
        int_opportunity_records.opportunity_type,
        int_opportunity_records.lead_source,
        int_opportunity_records.next_step,
        int_opportunity_records.loss_reason_raw,
        loss_reason_map.loss_class,
        int_opportunity_records.competitor,
        int_opportunity_records.last_activity_date,
        int_opportunity_records.source_modified_at,
        int_opportunity_records.is_deleted,
        int_opportunity_records.deleted_at,
        int_opportunity_records.merged_into_id,
        crosswalks.crosswalk_id
    from int_opportunity_records
    left join states_at_as_of
        on int_opportunity_records.opportunity_id = states_at_as_of.opportunity_id
    left join closings
        on int_opportunity_records.opportunity_id = closings.opportunity_id
    left join loss_reason_map
        on
            int_opportunity_records.crm = loss_reason_map.crm
            and lower(int_opportunity_records.loss_reason_raw) = lower(loss_reason_map.loss_reason)
    left join crosswalks
        on int_opportunity_records.opportunity_id = crosswalks.opportunity_id

),

opportunities_with_outcome as (

    select
        *,
        is_closed and not is_won as is_lost,
        {{ outcome_class() }} as outcome_class
    from opportunities

)

select * from opportunities_with_outcome
