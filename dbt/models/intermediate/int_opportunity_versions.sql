{{ config(materialized='by_key', fingerprint=['int_opportunity_fingerprints', 'source_fingerprint']) }}

with

int_opportunity_states as (

    select * from {{ ref('int_opportunity_states') }}
    {{ touched_only('int_opportunity_fingerprints') }}

),

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}
    {{ touched_only('int_opportunity_fingerprints') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

int_exchange_rate_periods as (

    select * from {{ ref('int_exchange_rate_periods') }}

),

states_in_order as (

    select
        *,
        row_number() over state_order_of_opportunity as state_no,
        lead(valid_from) over state_order_of_opportunity as next_valid_from
    from int_opportunity_states
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
        coalesce(states_in_order.currency_code, int_opportunity_records.currency_code) as currency_of_state,
        case
            when states_in_order.next_valid_from is not null then states_in_order.next_valid_from
            -- the last state of a deleted opportunity ends with it
            when int_opportunity_records.deleted_at < states_in_order.valid_from then states_in_order.valid_from
            else int_opportunity_records.deleted_at
        end as valid_to,
        states_in_order.next_valid_from is null as is_last_state,
        not int_opportunity_records.is_deleted as is_living,
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

),

-- a closed deal keeps the rate of its close date; an open one has on every day that day's rate, which splits its state
states_by_rate as (

    select
        states_with_meaning.*,
        int_exchange_rate_periods.fx_rate,
        states_with_meaning.is_closed
        or states_with_meaning.valid_from >= int_exchange_rate_periods.rate_from_at as is_start_of_state,
        case
            when states_with_meaning.is_closed then states_with_meaning.valid_from
            else greatest(states_with_meaning.valid_from, int_exchange_rate_periods.rate_from_at)
        end as rate_valid_from
    from states_with_meaning
    inner join int_exchange_rate_periods
        on
            states_with_meaning.currency_of_state = int_exchange_rate_periods.currency_code
            and case
                when states_with_meaning.is_closed
                    then
                        coalesce(states_with_meaning.close_date, cast('0001-01-01' as date))
                        >= int_exchange_rate_periods.rate_from_date
                        and coalesce(states_with_meaning.close_date, cast('0001-01-01' as date))
                        < int_exchange_rate_periods.rate_to_date
                when states_with_meaning.valid_from >= int_exchange_rate_periods.rate_from_at
                    then states_with_meaning.valid_from < int_exchange_rate_periods.rate_to_at
                else
                    int_exchange_rate_periods.rate_from_at <= {{ as_of() }}
                    and int_exchange_rate_periods.rate_from_at
                    < coalesce(states_with_meaning.valid_to, {{ end_of_time() }})
            end

),

states_by_rate_in_order as (

    select
        *,
        cast(row_number() over rates_of_opportunity as integer) as version_no,
        lead(rate_valid_from) over rates_of_state as next_rate_valid_from
    from states_by_rate
    window
        rates_of_opportunity as (
            partition by opportunity_id
            order by state_no, rate_valid_from
        ),
        rates_of_state as (
            partition by opportunity_id, state_no
            order by rate_valid_from
        )

),

versions as (

    select
        opportunity_id,
        crm,
        version_no,
        rate_valid_from as valid_from,
        coalesce(next_rate_valid_from, valid_to) as valid_to,
        pipeline_id,
        source_stage_id,
        stage_key,
        canonical_stage,
        is_closed,
        is_won,
        cast(round(amount_original * fx_rate, 2) as decimal(18, 2)) as amount,
        amount_original,
        currency_of_state as currency_code,
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
        case when is_start_of_state then changed_by end as changed_by,
        case when is_start_of_state then change_source else 'rate' end as change_source,
        version_no = 1 as is_first,
        is_last_state and next_rate_valid_from is null as is_last,
        is_last_state and next_rate_valid_from is null and is_living as is_current
    from states_by_rate_in_order

)

select * from versions
