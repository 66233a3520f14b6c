with

int_opportunity_changes as (

    select * from {{ ref('int_opportunity_changes') }}

),

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}

),

int_stage_definitions as (

    select * from {{ ref('int_stage_definitions') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

stage_map as (

    select * from {{ ref('stage_map') }}

),

forecast_category_map as (

    select * from {{ ref('forecast_category_map') }}

),

forecast_category_names as (

    select * from {{ ref('forecast_category_names') }}

),

canonical_stages as (

    select * from {{ ref('canonical_stages') }}

),

int_exchange_rate_periods as (

    select * from {{ ref('int_exchange_rate_periods') }}

),

-- what an unchanged opportunity can still be read differently by
definition_parts as (

    select {{ row_set_fingerprint([
        'stage_key', 'default_probability', 'forecast_category', 'is_closed', 'is_won', 'is_active'
    ]) }} as fingerprint
    from int_stage_definitions
    union all
    select {{ row_set_fingerprint([
        'crm', 'pipeline_id', 'source_stage_id', 'canonical_stage', 'valid_from', 'valid_to'
    ]) }} as fingerprint
    from stage_map
    union all
    select {{ row_set_fingerprint([
        'crm', 'pipeline_id', 'source_stage_id', 'canonical_stage', 'forecast_category'
    ]) }} as fingerprint
    from forecast_category_map
    union all
    select {{ row_set_fingerprint(['crm', 'source_name', 'forecast_category']) }} as fingerprint
    from forecast_category_names
    union all
    select {{ row_set_fingerprint(['canonical_stage', 'is_closed', 'is_won']) }} as fingerprint
    from canonical_stages
    union all
    -- a skip is judged by the stages that there are today
    select {{ row_set_fingerprint(['stage_key', 'canonical_stage']) }} as fingerprint
    from int_stage_meanings
    where meaning_from <= {{ as_of() }} and (meaning_to is null or meaning_to > {{ as_of() }})
    union all
    select '{{ var("reporting_time_zone") }}-{{ var("corporate_currency") }}' as fingerprint

),

definitions as (

    select {{ row_set_fingerprint(['fingerprint']) }} as definitions_fingerprint
    from definition_parts

),

changes_by_opportunity as (

    select
        opportunity_id,
        {{ row_set_fingerprint([
            'changed_at', 'change_order', 'changed_by', 'pipeline_id', 'source_stage_id', 'amount_original',
            'currency_code', 'win_probability', 'forecast_category', 'close_date', 'owner_id'
        ]) }} as changes_fingerprint
    from int_opportunity_changes
    group by opportunity_id

),

records_by_opportunity as (

    select
        opportunity_id,
        {{ row_set_fingerprint([
            'pipeline_id', 'source_stage_id', 'amount_original', 'currency_code', 'win_probability',
            'forecast_category', 'close_date', 'owner_id', 'created_at', 'source_modified_at',
            'is_known_at_as_of', 'deleted_at', 'is_closed_flag', 'is_won_flag'
        ]) }} as record_fingerprint
    from int_opportunity_records
    group by opportunity_id

),

-- the corporate currency has one rate for all time; of the others, a rate that begins to hold is news
rates_by_currency as (

    select
        currency_code,
        {{ row_set_fingerprint([
            'rate_from_date', 'fx_rate', 'rate_from_at <= ' ~ as_of()
        ]) }} as rates_fingerprint
    from int_exchange_rate_periods
    where currency_code <> '{{ var("corporate_currency") }}'
    group by currency_code

),

currencies_by_opportunity as (

    select
        opportunity_id,
        currency_code
    from int_opportunity_records
    union
    select
        opportunity_id,
        currency_code
    from int_opportunity_changes
    where currency_code is not null

),

rates_by_opportunity as (

    select
        currencies_by_opportunity.opportunity_id,
        {{ row_set_fingerprint([
            'currencies_by_opportunity.currency_code', 'rates_by_currency.rates_fingerprint'
        ]) }} as rates_fingerprint
    from currencies_by_opportunity
    inner join rates_by_currency
        on currencies_by_opportunity.currency_code = rates_by_currency.currency_code
    group by currencies_by_opportunity.opportunity_id

),

fingerprints as (

    select
        records_by_opportunity.opportunity_id,
        {{ surrogate_key([
            'records_by_opportunity.record_fingerprint',
            'changes_by_opportunity.changes_fingerprint',
            'rates_by_opportunity.rates_fingerprint',
            'definitions.definitions_fingerprint',
        ]) }} as source_fingerprint
    from records_by_opportunity
    left join changes_by_opportunity
        on records_by_opportunity.opportunity_id = changes_by_opportunity.opportunity_id
    left join rates_by_opportunity
        on records_by_opportunity.opportunity_id = rates_by_opportunity.opportunity_id
    cross join definitions

)

select * from fingerprints
