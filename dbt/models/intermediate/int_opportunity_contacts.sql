with

stg_salesforce__opportunity_contact_roles as (

    select * from {{ ref('stg_salesforce__opportunity_contact_roles') }}
    where
        {{ holds_at_as_of() }}
        and not {{ is_gone_at_as_of() }}
        and (created_at <= {{ as_of() }} or created_at is null)

),

stg_hubspot__deal_associations as (

    select * from {{ ref('stg_hubspot__deal_associations') }}
    where
        to_object_type = 'contacts'
        and {{ link_holds_at_as_of() }}

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where {{ holds_at_as_of() }}

),

int_contacts_conformed as (

    select * from {{ ref('int_contacts_conformed') }}

),

buying_role_map as (

    select * from {{ ref('buying_role_map') }}

),

pairs as (

    select
        'salesforce' as crm,
        'salesforce:' || source_opportunity_id as opportunity_id,
        'salesforce:' || source_contact_id as contact_id,
        contact_role as source_roles
    from stg_salesforce__opportunity_contact_roles
    union all
    select
        'hubspot' as crm,
        'hubspot:' || stg_hubspot__deal_associations.source_opportunity_id as opportunity_id,
        'hubspot:' || stg_hubspot__deal_associations.to_source_id as contact_id,
        stg_hubspot__contacts.buying_roles as source_roles
    from stg_hubspot__deal_associations
    left join stg_hubspot__contacts
        on stg_hubspot__deal_associations.to_source_id = stg_hubspot__contacts.source_id

),

contacts as (

    select
        pairs.crm,
        pairs.opportunity_id,
        pairs.contact_id,
        min(nullif(pairs.source_roles, '')) as source_roles,
        max(case when buying_role_map.is_decision_maker then 1 else 0 end) = 1 as is_decision_maker,
        max(
            case
                when {{ mentions_any_word('int_contacts_conformed.job_title', var('executive_title_words')) }}
                    then 1
                else 0
            end
        ) = 1 as is_executive
    from pairs
    left join int_contacts_conformed
        on pairs.contact_id = int_contacts_conformed.contact_id
    -- HubSpot separates several roles of one contact by semicolons
    left join buying_role_map
        on
            pairs.crm = buying_role_map.crm
            and ';' || pairs.source_roles || ';' like '%;' || buying_role_map.source_role || ';%'
    where coalesce(not int_contacts_conformed.is_deleted, true)
    group by
        pairs.crm,
        pairs.opportunity_id,
        pairs.contact_id

)

select * from contacts
