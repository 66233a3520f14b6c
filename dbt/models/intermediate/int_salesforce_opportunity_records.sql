with

salesforce_opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

salesforce_record_types as (

    select * from {{ ref('stg_salesforce__record_types') }}

),

salesforce_organizations as (

    select * from {{ ref('stg_salesforce__organizations') }}

),

salesforce_currency as (

    select min(currency_code) as currency_code
    from salesforce_organizations

),

records as (

    select
        'salesforce' as crm,
        salesforce_opportunities.source_id,
        salesforce_opportunities.opportunity_name,
        salesforce_opportunities.pipeline_id,
        salesforce_opportunities.source_stage_id,
        salesforce_opportunities.amount_original,
        salesforce_currency.currency_code,
        salesforce_opportunities.win_probability,
        salesforce_opportunities.forecast_category_raw,
        salesforce_opportunities.close_date,
        cast(null as timestamp) as source_close_at,
        salesforce_opportunities.source_owner_id,
        salesforce_opportunities.source_account_id,
        salesforce_record_types.record_type_name as record_type,
        salesforce_opportunities.opportunity_type,
        salesforce_opportunities.lead_source,
        salesforce_opportunities.next_step,
        salesforce_opportunities.loss_reason_raw,
        salesforce_opportunities.competitor,
        salesforce_opportunities.is_closed_flag,
        salesforce_opportunities.is_won_flag,
        salesforce_opportunities.last_activity_date,
        salesforce_opportunities.created_at,
        salesforce_opportunities.source_modified_at,
        salesforce_opportunities.is_deleted,
        salesforce_opportunities.deleted_at,
        cast(null as varchar) as merged_into_source_id,
        salesforce_opportunities.crosswalk_source_id
    from salesforce_opportunities
    cross join salesforce_currency
    left join salesforce_record_types
        on salesforce_opportunities.source_record_type_id = salesforce_record_types.source_id

)

select * from records
