{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'period_fingerprint']) }}

with

int_pipeline_period_states as (

    select * from {{ ref('int_pipeline_period_states') }}
    {{ touched_only() }}

),

int_pipeline_period_days as (

    select * from {{ ref('int_pipeline_period_days') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    {{ touched_only() }}

),

movement_kinds as (

    {{ value_list('movement_kind', [
        'start', 'entry', 'rate before transfer', 'amount before transfer', 'transferred out', 'transferred in', 'rate',
        'amount', 'exit', 'end'
    ]) }}

),

states_with_roads as (

    select
        *,
        case
            when is_in_scope_at_start then null
            when not existed_at_start then 'created'
            when not was_open_at_start then 'reopened'
            when from_close_date < period_start_date then 'pushed_in'
            else 'pulled_in'
        end as entry_category,
        case
            when is_deleted then 'deleted'
            when not is_open_at_end then outcome_class
            when to_close_date < period_start_date then 'pulled_out'
            when to_close_date <= period_end_date then null
            else 'pushed_out'
        end as exit_category,
        -- a deal that is first met at its closing enters as it leaves
        case
            when is_in_scope_at_start then coalesce(from_amount, 0)
            when entry_version_no is not null then coalesce(entry_amount, 0)
            else coalesce(to_amount, 0)
        end as first_amount,
        case
            when is_in_scope_at_start then coalesce(from_amount_original, 0)
            when entry_version_no is not null then coalesce(entry_amount_original, 0)
            else coalesce(to_amount_original, 0)
        end as first_amount_original,
        {% for name in ['owner_id', 'owner_key', 'pipeline_id', 'is_primary_record'] -%}
            case
                when is_in_scope_at_start then from_{{ name }}
                when entry_version_no is not null then entry_{{ name }}
                else to_{{ name }}
            end as first_{{ name }},
        {% endfor -%}
        coalesce(to_amount, 0) as last_amount
    from int_pipeline_period_states

),

states_with_transfer as (

    select
        *,
        (
            first_owner_id is distinct from to_owner_id
            or first_pipeline_id is distinct from to_pipeline_id
            or first_is_primary_record is distinct from to_is_primary_record
        ) as is_transferred
    from states_with_roads

),

states_by_kind as (

    select
        states_with_transfer.*,
        case
            when states_with_transfer.is_transferred then coalesce(states_with_transfer.handover_amount, 0)
            else states_with_transfer.first_amount
        end as transfer_amount,
        -- the amount of before at the rate of after: what differs from it is an edit
        case
            when states_with_transfer.is_transferred
                then {{ at_rate('first_amount_original', 'handover_fx_rate', 'first_amount') }}
            else states_with_transfer.first_amount
        end as first_amount_at_transfer,
        case
            when states_with_transfer.is_transferred
                then
                    {{ at_rate('handover_amount_original', 'to_fx_rate', 'handover_amount') }}
            else {{ at_rate('first_amount_original', 'to_fx_rate', 'first_amount') }}
        end as transfer_amount_at_end,
        movement_kinds.movement_kind
    from states_with_transfer
    cross join movement_kinds

),

movements as (

    select
        *,
        case movement_kind
            when 'start' then case when is_in_scope_at_start then 'start' end
            when 'entry' then entry_category
            when 'rate before transfer' then case when first_amount_at_transfer <> first_amount then 'revalued' end
            when 'amount before transfer'
                then
                    case
                        when transfer_amount > first_amount_at_transfer then 'increased'
                        when transfer_amount < first_amount_at_transfer then 'decreased'
                    end
            when 'transferred out' then case when is_transferred then 'transferred_out' end
            when 'transferred in' then case when is_transferred then 'transferred_in' end
            when 'rate' then case when transfer_amount_at_end <> transfer_amount then 'revalued' end
            when 'amount'
                then
                    case
                        when last_amount > transfer_amount_at_end then 'increased'
                        when last_amount < transfer_amount_at_end then 'decreased'
                    end
            when 'exit' then exit_category
            when 'end' then case when exit_category is null then 'end' end
        end as category,
        case movement_kind
            when 'start' then first_amount
            when 'entry' then first_amount
            when 'rate before transfer' then first_amount_at_transfer - first_amount
            when 'amount before transfer' then transfer_amount - first_amount_at_transfer
            when 'transferred out' then -transfer_amount
            when 'transferred in' then transfer_amount
            when 'rate' then transfer_amount_at_end - transfer_amount
            when 'amount' then last_amount - transfer_amount_at_end
            when 'exit' then -last_amount
            when 'end' then last_amount
        end as amount_delta,
        case
            when movement_kind in ('start', 'entry', 'transferred in', 'end') then 1
            when movement_kind in ('transferred out', 'exit') then -1
            else 0
        end as opportunity_delta,
        movement_kind in (
            'start', 'entry', 'rate before transfer', 'amount before transfer', 'transferred out'
        ) as is_of_first_owner,
        case
            when exit_category = 'deleted' then 'deleted'
            when is_transferred then 'transferred'
            when exit_category is not null then exit_category
            when entry_category is not null then entry_category
            when last_amount > transfer_amount_at_end then 'increased'
            when last_amount < transfer_amount_at_end then 'decreased'
            when last_amount <> first_amount then 'revalued'
            else 'unchanged'
        end as change_label
    from states_by_kind

),

periods as (

    select distinct
        period_type,
        period_start_date,
        period_name,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'period_end_date')) }} <= {{ as_of() }} as is_period_complete
    from int_pipeline_period_days

),

movements_with_slice as (

    select
        *,
        case when is_of_first_owner then first_owner_id else to_owner_id end as owner_id,
        case when is_of_first_owner then first_owner_key else to_owner_key end as owner_key,
        case when is_of_first_owner then first_pipeline_id else to_pipeline_id end as pipeline_id,
        case when is_of_first_owner then first_is_primary_record else to_is_primary_record end as is_primary_record
    from movements
    where category is not null

),

changes as (

    select
        {{ surrogate_key([
            'movements.opportunity_id', 'movements.period_type', 'movements.period_start_date', 'movements.category',
            'movements.owner_id', 'movements.pipeline_id', 'movements.is_primary_record',
        ]) }} as pipeline_change_key,
        movements.opportunity_id,
        dim_opportunity.opportunity_key,
        dim_opportunity.crm,
        movements.pipeline_id,
        movements.owner_id,
        movements.owner_key,
        movements.period_type,
        periods.period_name,
        movements.period_start_date,
        movements.period_end_date,
        periods.is_period_complete,
        movements.category,
        {{ pipeline_category_order('movements.category') }} as category_order,
        movements.category in ('start', 'end') as is_balance,
        movements.opportunity_delta,
        cast(movements.amount_delta as decimal(18, 2)) as amount_delta,
        movements.change_label,
        movements.from_amount,
        movements.to_amount,
        movements.from_close_date,
        movements.to_close_date,
        movements.from_stage_key,
        movements.to_stage_key,
        movements.from_owner_id,
        movements.to_owner_id,
        movements.is_primary_record,
        dim_opportunity.is_stage_trusted,
        dim_opportunity.untrusted_finding_keys
    from movements_with_slice as movements
    inner join periods
        on
            movements.period_type = periods.period_type
            and movements.period_start_date = periods.period_start_date
    inner join dim_opportunity
        on movements.opportunity_id = dim_opportunity.opportunity_id

)

select * from changes
