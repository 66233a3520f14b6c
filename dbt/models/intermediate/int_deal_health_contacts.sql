with

open_opportunities as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and is_primary_record

),

int_opportunity_contacts as (

    select * from {{ ref('int_opportunity_contacts') }}

),

int_activity_opportunities as (

    select * from {{ ref('int_activity_opportunities') }}

),

int_activities_conformed as (

    select * from {{ ref('int_activities_conformed') }}
    where
        not is_deleted
        and contact_id is not null
        and occurred_at <= {{ as_of() }}

),

contacts_of_both as (

    select
        opportunity_id,
        contact_id,
        is_decision_maker
    from int_opportunity_contacts
    union all
    select
        int_activity_opportunities.opportunity_id,
        int_activities_conformed.contact_id,
        false as is_decision_maker
    from int_activities_conformed
    inner join int_activity_opportunities
        on int_activities_conformed.activity_id = int_activity_opportunities.activity_id

),

contacts_by_opportunity as (

    select
        opportunity_id,
        count(distinct contact_id) as contact_count,
        count(distinct case when is_decision_maker then contact_id end) as decision_maker_count
    from contacts_of_both
    group by opportunity_id

),

-- a CRM in which nobody ties contacts to deals, or gives them roles, says nothing about this deal
usage_by_crm as (

    select
        crm,
        count(source_roles) > 0 as uses_roles
    from int_opportunity_contacts
    group by crm

),

contacts as (

    select
        open_opportunities.opportunity_id,
        case
            when usage_by_crm.crm is not null then coalesce(contacts_by_opportunity.contact_count, 0)
        end as contact_count,
        case
            when usage_by_crm.uses_roles then coalesce(contacts_by_opportunity.decision_maker_count, 0)
        end as decision_maker_count
    from open_opportunities
    left join contacts_by_opportunity
        on open_opportunities.opportunity_id = contacts_by_opportunity.opportunity_id
    left join usage_by_crm
        on open_opportunities.crm = usage_by_crm.crm

)

select * from contacts
