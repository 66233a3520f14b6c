with

hubspot_deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

hubspot_deal_associations as (

    select * from {{ ref('stg_hubspot__deal_associations') }}

),

hubspot_companies_of_deals as (

    select
        source_opportunity_id,
        to_source_id as source_account_id,
        row_number() over (
            partition by source_opportunity_id
            -- type 5 is HubSpot's "primary company"; the id decides among equals
            order by case when association_type_id = 5 then 0 else 1 end, to_source_id
        ) as preference
    from hubspot_deal_associations
    where
        to_object_type = 'companies'
        and not is_deleted

),

records as (

    select
        'hubspot' as crm,
        hubspot_deals.source_id,
        hubspot_deals.opportunity_name,
        hubspot_deals.pipeline_id,
        hubspot_deals.source_stage_id,
        hubspot_deals.amount_original,
        hubspot_deals.currency_code,
        hubspot_deals.win_probability,
        hubspot_deals.forecast_category_raw,
        hubspot_deals.close_date,
        hubspot_deals.closed_or_expected_at as source_close_at,
        hubspot_deals.source_owner_id,
        hubspot_companies_of_deals.source_account_id,
        cast(null as varchar) as record_type,
        hubspot_deals.opportunity_type,
        cast(null as varchar) as lead_source,
        hubspot_deals.next_step,
        hubspot_deals.loss_reason_raw,
        hubspot_deals.competitor,
        hubspot_deals.is_closed_flag,
        hubspot_deals.is_won_flag,
        hubspot_deals.last_activity_date,
        hubspot_deals.created_at,
        hubspot_deals.source_modified_at,
        hubspot_deals.is_deleted or hubspot_deals.merged_into_source_id is not null as is_deleted,
        hubspot_deals.deleted_at,
        hubspot_deals.merged_into_source_id,
        hubspot_deals.crosswalk_source_id
    from hubspot_deals
    left join hubspot_companies_of_deals
        on
            hubspot_deals.source_id = hubspot_companies_of_deals.source_opportunity_id
            and hubspot_companies_of_deals.preference = 1

)

select * from records
