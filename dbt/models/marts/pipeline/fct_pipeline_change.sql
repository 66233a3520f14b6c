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
        {% for name in ['amount', 'amount_original'] -%}
            case
                when is_in_scope_at_start then coalesce(from_{{ name }}, 0)
                when entry_version_no is not null then coalesce(entry_{{ name }}, 0)
                else coalesce(to_{{ name }}, 0)
            end as first_{{ name }},
        {% endfor -%}
        {% for name in ['owner_id', 'owner_key', 'pipeline_id', 'is_primary_record', 'currency_code', 'fx_rate'] -%}
            case
                when is_in_scope_at_start then from_{{ name }}
                when entry_version_no is not null then entry_{{ name }}
                else to_{{ name }}
            end as first_{{ name }},
        {% endfor -%}
        coalesce(to_amount, 0) as last_amount,
        coalesce(to_amount_original, 0) as last_amount_original
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

states_at_transfer as (

    select
        *,
        {% for name in ['amount', 'amount_original'] -%}
            case when is_transferred then coalesce(handover_{{ name }}, 0) else first_{{ name }} end
                as transfer_{{ name }},
        {% endfor -%}
        case when is_transferred then handover_currency_code else first_currency_code end as transfer_currency_code,
        case when is_transferred then handover_fx_rate else first_fx_rate end as transfer_fx_rate
    from states_with_transfer

),

states_by_kind as (

    select
        states_at_transfer.*,
        -- the amount of before at the rate of after: what differs from it is an edit, and so is another currency
        {% for before, after, name in [('first', 'transfer', 'at_transfer'), ('transfer', 'to', 'at_end')] -%}
            case
                when ({{ before }}_currency_code is distinct from {{ after }}_currency_code) then {{ before }}_amount
                else {{ at_rate(before ~ '_amount_original', after ~ '_fx_rate', before ~ '_amount') }}
            end as {{ before }}_amount_{{ name }},
            case when {{ before }}_currency_code = {{ after }}_currency_code then {{ before }}_amount_original end
                as {{ before }}_amount_original_{{ name }},
        {% endfor -%}
        movement_kinds.movement_kind
    from states_at_transfer
    cross join movement_kinds

),

movements as (

    select
        *,
        case movement_kind
            when 'start' then case when is_in_scope_at_start then 'start' end
            when 'entry' then entry_category
            when 'rate before transfer' then case when first_amount_at_transfer <> first_amount then 'revalued' end
            {% for kind, before, after in [
                ('amount before transfer', 'first_amount_at_transfer', 'transfer_amount'),
                ('amount', 'transfer_amount_at_end', 'last_amount'),
            ] -%}
                when '{{ kind }}'
                    then case sign({{ after }} - {{ before }}) when 1 then 'increased' when -1 then 'decreased' end
            {% endfor -%}
            when 'transferred out' then case when is_transferred then 'transferred_out' end
            when 'transferred in' then case when is_transferred then 'transferred_in' end
            when 'rate' then case when transfer_amount_at_end <> transfer_amount then 'revalued' end
            when 'exit' then exit_category
            when 'end' then case when exit_category is null then 'end' end
        end as category,
        {% for amount in ['amount', 'amount_original'] -%}
            case movement_kind
                when 'rate before transfer' then first_{{ amount }}_at_transfer - first_{{ amount }}
                when 'amount before transfer' then transfer_{{ amount }} - first_{{ amount }}_at_transfer
                when 'transferred out' then -transfer_{{ amount }}
                when 'transferred in' then transfer_{{ amount }}
                when 'rate' then transfer_{{ amount }}_at_end - transfer_{{ amount }}
                when 'amount' then last_{{ amount }} - transfer_{{ amount }}_at_end
                when 'exit' then -last_{{ amount }}
                when 'end' then last_{{ amount }}
                else first_{{ amount }}
            end as {{ amount }}_delta,
        {% endfor -%}
        {% for name in ['currency_code', 'fx_rate'] -%}
            case
                when movement_kind in ('start', 'entry') then first_{{ name }}
                when movement_kind in ('rate', 'amount', 'exit', 'end') then to_{{ name }}
                else transfer_{{ name }}
            end as {{ name }},
        {% endfor -%}
        case
            when movement_kind in ('start', 'entry', 'transferred in', 'end') then 1
            when movement_kind in ('transferred out', 'exit') then -1
            else 0
        end as opportunity_delta,
        movement_kind not in ('transferred in', 'rate', 'amount', 'exit', 'end') as is_of_first_owner,
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
        cast(movements.amount_original_delta as decimal(18, 2)) as amount_original_delta,
        movements.currency_code,
        movements.fx_rate,
        movements.change_label,
        {% for name in [
            'amount', 'amount_original', 'currency_code', 'fx_rate', 'close_date', 'stage_key', 'owner_id'
        ] -%}
            movements.from_{{ name }},
            movements.to_{{ name }},
        {% endfor -%}
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
