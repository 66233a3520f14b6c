with

salesforce_leads as (

    select * from {{ ref('stg_salesforce__leads') }}

),

hubspot_contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

hubspot_companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

hubspot_deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

hubspot_deal_associations as (

    select * from {{ ref('stg_hubspot__deal_associations') }}

),

hubspot_deals_of_contacts as (

    select
        hubspot_deal_associations.to_source_id as source_contact_id,
        hubspot_deals.source_id as source_opportunity_id,
        hubspot_deals.created_at,
        row_number() over (
            partition by hubspot_deal_associations.to_source_id
            order by hubspot_deals.created_at, hubspot_deals.source_id
        ) as deal_no
    from hubspot_deal_associations
    inner join hubspot_deals
        on hubspot_deal_associations.source_opportunity_id = hubspot_deals.source_id
    where
        hubspot_deal_associations.to_object_type = 'contacts'
        and not hubspot_deal_associations.is_deleted

),

leads_of_salesforce as (

    select
        'salesforce' as crm,
        source_id,
        full_name,
        email,
        company_name,
        lead_source,
        lead_status,
        source_owner_id,
        created_at,
        is_converted,
        converted_date,
        converted_source_account_id,
        converted_source_contact_id,
        converted_source_opportunity_id,
        is_deleted,
        deleted_at
    from salesforce_leads

),

-- HubSpot keeps no lead object here: a contact is a lead until the first deal it is tied to
leads_of_hubspot as (

    select
        'hubspot' as crm,
        hubspot_contacts.source_id,
        nullif(
            trim(coalesce(hubspot_contacts.first_name, '') || ' ' || coalesce(hubspot_contacts.last_name, '')), ''
        ) as full_name,
        hubspot_contacts.email,
        hubspot_companies.account_name as company_name,
        hubspot_contacts.lead_source,
        coalesce(hubspot_contacts.lead_status, hubspot_contacts.lifecycle_stage) as lead_status,
        hubspot_contacts.source_owner_id,
        hubspot_contacts.created_at,
        hubspot_deals_of_contacts.source_opportunity_id is not null as is_converted,
        {{ reporting_day('hubspot_deals_of_contacts.created_at') }} as converted_date,
        case
            when hubspot_deals_of_contacts.source_opportunity_id is not null
                then hubspot_contacts.source_account_id
        end as converted_source_account_id,
        case
            when hubspot_deals_of_contacts.source_opportunity_id is not null then hubspot_contacts.source_id
        end as converted_source_contact_id,
        hubspot_deals_of_contacts.source_opportunity_id as converted_source_opportunity_id,
        hubspot_contacts.is_deleted or hubspot_contacts.merged_into_source_id is not null as is_deleted,
        hubspot_contacts.deleted_at
    from hubspot_contacts
    left join hubspot_companies
        on hubspot_contacts.source_account_id = hubspot_companies.source_id
    left join hubspot_deals_of_contacts
        on
            hubspot_contacts.source_id = hubspot_deals_of_contacts.source_contact_id
            and hubspot_deals_of_contacts.deal_no = 1

),

leads_of_both as (

    select * from leads_of_salesforce
    union all
    select * from leads_of_hubspot

),

leads_conformed as (

    select
        crm || ':' || source_id as lead_id,
        crm,
        source_id,
        full_name,
        email,
        company_name,
        lead_source,
        lead_status,
        crm || ':' || source_owner_id as owner_id,
        created_at,
        is_converted,
        converted_date,
        crm || ':' || converted_source_account_id as converted_account_id,
        crm || ':' || converted_source_contact_id as converted_contact_id,
        crm || ':' || converted_source_opportunity_id as converted_opportunity_id,
        is_deleted,
        deleted_at
    from leads_of_both
    where created_at <= {{ as_of() }} or created_at is null

)

select * from leads_conformed
