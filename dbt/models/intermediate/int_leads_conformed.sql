with

stg_salesforce__leads as (

    select * from {{ ref('stg_salesforce__leads') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__companies as (

    select * from {{ ref('stg_hubspot__companies') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__deals as (

    select * from {{ ref('stg_hubspot__deals') }}
    where {{ holds_at_as_of() }}

),

stg_hubspot__deal_associations as (

    select * from {{ ref('stg_hubspot__deal_associations') }}
    where
        to_object_type = 'contacts'
        and {{ link_holds_at_as_of() }}

),

hubspot_deals_of_contacts as (

    select
        stg_hubspot__deal_associations.to_source_id as source_contact_id,
        stg_hubspot__deals.source_id as source_opportunity_id,
        stg_hubspot__deals.created_at,
        row_number() over (
            partition by stg_hubspot__deal_associations.to_source_id
            order by stg_hubspot__deals.created_at, stg_hubspot__deals.source_id
        ) as deal_no
    from stg_hubspot__deal_associations
    inner join stg_hubspot__deals
        on stg_hubspot__deal_associations.source_opportunity_id = stg_hubspot__deals.source_id

),

contacts_of_hubspot as (

    select
        *,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name
    from stg_hubspot__contacts

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
    from stg_salesforce__leads

),

-- HubSpot keeps no lead object here: a contact is a lead until the first deal it is tied to
leads_of_hubspot as (

    select
        'hubspot' as crm,
        contacts_of_hubspot.source_id,
        contacts_of_hubspot.full_name,
        contacts_of_hubspot.email,
        stg_hubspot__companies.account_name as company_name,
        contacts_of_hubspot.lead_source,
        coalesce(contacts_of_hubspot.lead_status, contacts_of_hubspot.lifecycle_stage) as lead_status,
        contacts_of_hubspot.source_owner_id,
        contacts_of_hubspot.created_at,
        hubspot_deals_of_contacts.source_opportunity_id is not null as is_converted,
        {{ reporting_day('hubspot_deals_of_contacts.created_at') }} as converted_date,
        case
            when hubspot_deals_of_contacts.source_opportunity_id is not null
                then contacts_of_hubspot.source_account_id
        end as converted_source_account_id,
        case
            when hubspot_deals_of_contacts.source_opportunity_id is not null then contacts_of_hubspot.source_id
        end as converted_source_contact_id,
        hubspot_deals_of_contacts.source_opportunity_id as converted_source_opportunity_id,
        contacts_of_hubspot.is_deleted or contacts_of_hubspot.merged_into_source_id is not null as is_deleted,
        contacts_of_hubspot.deleted_at
    from contacts_of_hubspot
    left join stg_hubspot__companies
        on contacts_of_hubspot.source_account_id = stg_hubspot__companies.source_id
    left join hubspot_deals_of_contacts
        on
            contacts_of_hubspot.source_id = hubspot_deals_of_contacts.source_contact_id
            and hubspot_deals_of_contacts.deal_no = 1

),

leads_of_both as (

    select * from leads_of_salesforce
    union all
    select * from leads_of_hubspot

),

-- who was converted, or deleted, after as_of is not yet
leads_as_of as (

    select
        *,
        is_converted and coalesce(converted_date <= {{ reporting_day(as_of()) }}, true) as was_converted,
        {{ is_gone_at_as_of() }} as was_deleted
    from leads_of_both
    where created_at <= {{ as_of() }} or created_at is null

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
        was_converted as is_converted,
        case when was_converted then converted_date end as converted_date,
        case when was_converted then crm || ':' || converted_source_account_id end as converted_account_id,
        case when was_converted then crm || ':' || converted_source_contact_id end as converted_contact_id,
        case when was_converted then crm || ':' || converted_source_opportunity_id end as converted_opportunity_id,
        was_deleted as is_deleted,
        case when was_deleted then deleted_at end as deleted_at
    from leads_as_of

)

select * from leads_conformed
