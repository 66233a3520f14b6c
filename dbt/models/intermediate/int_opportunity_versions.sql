{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='opportunity_id',
    on_schema_change='fail',
    post_hook="{{ delete_stale_versions() }}",
) }}

with

touched as (

    {{ touched_opportunities() }}

),

states as (

    select states.*
    from {{ ref('int_opportunity_states') }} as states
    inner join touched
        on states.opportunity_id = touched.opportunity_id

),

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

exchange_rates as (

    select * from {{ ref('exchange_rates') }}
    where corporate_currency = '{{ var("corporate_currency") }}'

),

states_in_order as (

    select
        *,
        cast(row_number() over state_order_of_opportunity as integer) as version_no,
        lead(valid_from) over state_order_of_opportunity as next_valid_from
    from states
    window
        state_order_of_opportunity as (
            partition by opportunity_id
            order by valid_from, state_order
        )

),

states_with_validity as (

    select
        states_in_order.*,
        int_opportunity_records.crm,
        int_opportunity_records.currency_code,
        case
            when states_in_order.next_valid_from is not null then states_in_order.next_valid_from
            -- the last state of a deleted opportunity ends with it
            when int_opportunity_records.deleted_at < states_in_order.valid_from then states_in_order.valid_from
            else int_opportunity_records.deleted_at
        end as valid_to,
        states_in_order.next_valid_from is null as is_last,
        states_in_order.next_valid_from is null and not int_opportunity_records.is_deleted as is_current,
        -- HubSpot keeps no history of the probability: a past state has that of its stage
        case
            when
                states_in_order.next_valid_from is null
                and int_opportunity_records.is_known_at_as_of
                and int_opportunity_records.source_stage_id = states_in_order.source_stage_id
                then int_opportunity_records.win_probability
            else states_in_order.win_probability
        end as win_probability_of_state
    from states_in_order
    inner join int_opportunity_records
        on states_in_order.opportunity_id = int_opportunity_records.opportunity_id

),

states_with_stage_key as (

    select
        *,
        {{ stage_key() }} as stage_key
    from states_with_validity

),

states_with_meaning as (

    select
        states_with_stage_key.*,
        int_stage_meanings.canonical_stage,
        coalesce(int_stage_meanings.means_closed, false) as is_closed,
        coalesce(int_stage_meanings.means_won, false) as is_won,
        int_stage_meanings.default_probability,
        int_stage_meanings.stage_forecast_category,
        int_stage_meanings.mapped_forecast_category,
        cast(
            case
                when states_with_stage_key.currency_code = '{{ var("corporate_currency") }}' then 1
                else exchange_rates.fx_rate
            end as decimal(18, 8)
        ) as fx_rate,
        case
            -- HubSpot leaves the rep's category on a deal that has closed
            when states_with_stage_key.crm = 'hubspot' and int_stage_meanings.means_closed then 'map'
            when
                states_with_stage_key.forecast_category <> 'pipeline'
                or (
                    states_with_stage_key.forecast_category is not null
                    and int_stage_meanings.uses_forecast_categories
                )
                then 'deal'
            when
                int_stage_meanings.stage_forecast_category is not null
                and int_stage_meanings.uses_forecast_categories
                then 'stage'
            when int_stage_meanings.mapped_forecast_category is not null then 'map'
            when states_with_stage_key.forecast_category is not null then 'deal'
        end as forecast_category_rule
    from states_with_stage_key
    left join int_stage_meanings
        on
            states_with_stage_key.stage_key = int_stage_meanings.stage_key
            and states_with_stage_key.valid_from >= int_stage_meanings.meaning_from
            and states_with_stage_key.valid_from < coalesce(int_stage_meanings.meaning_to, {{ end_of_time() }})
    left join exchange_rates
        on
            states_with_stage_key.currency_code = exchange_rates.currency_code
            and states_with_stage_key.close_date >= exchange_rates.valid_from
            and states_with_stage_key.close_date < coalesce(exchange_rates.valid_to, cast({{ end_of_time() }} as date))

),

versions as (

    select
        opportunity_id,
        crm,
        version_no,
        valid_from,
        valid_to,
        pipeline_id,
        source_stage_id,
        stage_key,
        canonical_stage,
        is_closed,
        is_won,
        cast(round(amount_original * fx_rate, 2) as decimal(18, 2)) as amount,
        amount_original,
        currency_code,
        fx_rate,
        coalesce(win_probability_of_state, default_probability) as win_probability,
        default_probability as stage_default_probability,
        case forecast_category_rule
            when 'deal' then forecast_category
            when 'stage' then stage_forecast_category
            when 'map' then mapped_forecast_category
        end as forecast_category,
        forecast_category_rule,
        close_date,
        owner_id,
        changed_by,
        change_source,
        version_no = 1 as is_first,
        is_last,
        is_current,
        source_fingerprint
    from states_with_meaning

)

select * from versions
