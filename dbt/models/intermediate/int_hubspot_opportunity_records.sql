with

stg_hubspot__deals as (

    select * from {{ ref('stg_hubspot__deals') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__deal_associations as (

    select * from {{ ref('stg_hubspot__deal_associations') }}

),

stg_hubspot__company_currencies as (

    select * from {{ ref('stg_hubspot__company_currencies') }}
    where not is_deleted

),

hubspot_currency as (

    select min(currency_code) as currency_code
    from stg_hubspot__company_currencies

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
    from stg_hubspot__deal_associations
    where
        to_object_type = 'companies'
        and {{ link_holds_at_as_of() }}

),

records as (

    select
        'hubspot' as crm,
        stg_hubspot__deals.source_id,
        stg_hubspot__deals.opportunity_name,
        stg_hubspot__deals.pipeline_id,
        stg_hubspot__deals.source_stage_id,
        stg_hubspot__deals.amount_original,
        coalesce(stg_hubspot__deals.currency_code, hubspot_currency.currency_code) as currency_code,
        stg_hubspot__deals.win_probability,
        stg_hubspot__deals.forecast_category_raw,
        stg_hubspot__deals.close_date,
        stg_hubspot__deals.closed_or_expected_at as source_close_at,
        stg_hubspot__deals.source_owner_id,
        hubspot_companies_of_deals.source_account_id,
        cast(null as varchar) as record_type,
        stg_hubspot__deals.opportunity_type,
        cast(null as varchar) as lead_source,
        stg_hubspot__deals.next_step,
        stg_hubspot__deals.loss_reason_raw,
        stg_hubspot__deals.competitor,
        stg_hubspot__deals.is_closed_flag,
        stg_hubspot__deals.is_won_flag,
        stg_hubspot__deals.last_activity_date,
        stg_hubspot__deals.created_at,
        stg_hubspot__deals.source_modified_at,
        stg_hubspot__deals.is_deleted or stg_hubspot__deals.merged_into_source_id is not null as is_deleted,
        stg_hubspot__deals.deleted_at,
        stg_hubspot__deals.merged_into_source_id,
        stg_hubspot__deals.crosswalk_source_id
    from stg_hubspot__deals
    cross join hubspot_currency
    left join hubspot_companies_of_deals
        on
            stg_hubspot__deals.source_id = hubspot_companies_of_deals.source_opportunity_id
            and hubspot_companies_of_deals.preference = 1

)

select * from records
