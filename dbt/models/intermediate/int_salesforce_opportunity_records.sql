with

stg_salesforce__opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}
    where {{ holds_at_as_of() }}

),

stg_salesforce__record_types as (

    select * from {{ ref('stg_salesforce__record_types') }}

),

stg_salesforce__organizations as (

    select * from {{ ref('stg_salesforce__organizations') }}

),

salesforce_currency as (

    select min(currency_code) as currency_code
    from stg_salesforce__organizations

),

records as (

    select
        'salesforce' as crm,
        stg_salesforce__opportunities.source_id,
        stg_salesforce__opportunities.opportunity_name,
        stg_salesforce__opportunities.pipeline_id,
        stg_salesforce__opportunities.source_stage_id,
        stg_salesforce__opportunities.amount_original,
        coalesce(stg_salesforce__opportunities.currency_code, salesforce_currency.currency_code) as currency_code,
        stg_salesforce__opportunities.win_probability,
        stg_salesforce__opportunities.forecast_category_raw,
        stg_salesforce__opportunities.close_date,
        cast(null as timestamp) as source_close_at,
        stg_salesforce__opportunities.source_owner_id,
        stg_salesforce__opportunities.source_account_id,
        stg_salesforce__record_types.record_type_name as record_type,
        stg_salesforce__opportunities.opportunity_type,
        stg_salesforce__opportunities.lead_source,
        stg_salesforce__opportunities.next_step,
        stg_salesforce__opportunities.loss_reason_raw,
        stg_salesforce__opportunities.competitor,
        stg_salesforce__opportunities.is_closed_flag,
        stg_salesforce__opportunities.is_won_flag,
        stg_salesforce__opportunities.last_activity_date,
        stg_salesforce__opportunities.created_at,
        stg_salesforce__opportunities.source_modified_at,
        stg_salesforce__opportunities.is_deleted,
        stg_salesforce__opportunities.deleted_at,
        cast(null as varchar) as merged_into_source_id,
        stg_salesforce__opportunities.crosswalk_source_id
    from stg_salesforce__opportunities
    cross join salesforce_currency
    left join stg_salesforce__record_types
        on stg_salesforce__opportunities.source_record_type_id = stg_salesforce__record_types.source_id

)

select * from records
