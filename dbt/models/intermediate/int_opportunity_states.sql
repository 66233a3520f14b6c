{{ config(materialized='by_key', fingerprint=['int_opportunity_fingerprints', 'source_fingerprint']) }}

with

int_opportunity_changes as (

    select * from {{ ref('int_opportunity_changes') }}
    {{ touched_only('int_opportunity_fingerprints') }}

),

records as (

    select * from {{ ref('int_opportunity_records') }}
    {{ touched_only('int_opportunity_fingerprints') }}

),

changes_carried_forward as (

    select
        opportunity_id,
        changed_at,
        change_order,
        changed_by,
        is_whole_state,
        {{ carried_forward('pipeline_id') }},
        {{ carried_forward('source_stage_id') }},
        {{ carried_forward('amount_original') }},
        {{ carried_forward('currency_code') }},
        {{ carried_forward('win_probability') }},
        {{ carried_forward('forecast_category') }},
        {{ carried_forward('close_date') }},
        {{ carried_forward('owner_id') }},
        lead(changed_at) over (
            partition by opportunity_id
            order by changed_at, change_order
        ) as next_changed_at
    from int_opportunity_changes

),

states_from_history as (

    select
        changes_carried_forward.opportunity_id,
        changes_carried_forward.changed_at as valid_from,
        changes_carried_forward.change_order as state_order,
        'history' as change_source,
        changes_carried_forward.changed_by,
        coalesce(changes_carried_forward.pipeline_id, records.pipeline_id) as pipeline_id,
        changes_carried_forward.source_stage_id,
        cast(changes_carried_forward.amount_original as decimal(18, 2)) as amount_original,
        -- a deal whose currency never changed has it in the record alone
        coalesce(changes_carried_forward.currency_code, records.currency_code) as currency_code,
        cast(changes_carried_forward.win_probability as decimal(5, 4)) as win_probability,
        changes_carried_forward.forecast_category,
        cast(changes_carried_forward.close_date as date) as close_date,
        changes_carried_forward.owner_id
    from changes_carried_forward
    inner join records
        on changes_carried_forward.opportunity_id = records.opportunity_id
    where
        changes_carried_forward.source_stage_id is not null
        -- a field saved together with a whole state is part of that state
        and (
            changes_carried_forward.is_whole_state
            or changes_carried_forward.next_changed_at is null
            or changes_carried_forward.next_changed_at > changes_carried_forward.changed_at
        )

),

last_states_from_history as (

    select
        *,
        row_number() over (
            partition by opportunity_id
            order by valid_from desc, state_order desc
        ) as recency
    from states_from_history

),

states_from_records as (

    select
        records.opportunity_id,
        case
            when last_states_from_history.opportunity_id is null
                then coalesce(records.created_at, records.source_modified_at)
            else records.source_modified_at
        end as valid_from,
        '2' as state_order,
        'record' as change_source,
        cast(null as varchar) as changed_by,
        records.pipeline_id,
        records.source_stage_id,
        records.amount_original,
        records.currency_code,
        records.win_probability,
        records.forecast_category,
        records.close_date,
        records.owner_id
    from records
    left join last_states_from_history
        on
            records.opportunity_id = last_states_from_history.opportunity_id
            and last_states_from_history.recency = 1
    where
        records.source_stage_id is not null
        and records.is_known_at_as_of
        and (
            last_states_from_history.opportunity_id is null
            -- a record older than the newest change was read before it, and knows less
            or records.source_modified_at >= last_states_from_history.valid_from
        )
        and (
            last_states_from_history.opportunity_id is null
            or records.pipeline_id is distinct from last_states_from_history.pipeline_id
            or records.source_stage_id is distinct from last_states_from_history.source_stage_id
            or records.amount_original is distinct from last_states_from_history.amount_original
            or records.currency_code is distinct from last_states_from_history.currency_code
            or records.forecast_category is distinct from last_states_from_history.forecast_category
            or records.close_date is distinct from last_states_from_history.close_date
            or records.owner_id is distinct from last_states_from_history.owner_id
            -- HubSpot keeps no history of the probability
            or (
                records.crm = 'salesforce'
                and records.win_probability is distinct from last_states_from_history.win_probability
            )
        )

),

states as (

    select * from states_from_history
    union all
    select * from states_from_records

)

select * from states
