with

int_salesforce_activities as (

    select * from {{ ref('int_salesforce_activities') }}

),

int_hubspot_activities as (

    select * from {{ ref('int_hubspot_activities') }}

),

int_activity_opportunities as (

    select * from {{ ref('int_activity_opportunities') }}

),

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}

),

activities_of_both as (

    select
        activity_id,
        crm,
        source_id,
        activity_type,
        subject,
        occurred_at,
        owner_id,
        minutes,
        account_id,
        contact_id,
        is_completed,
        created_at,
        is_deleted,
        deleted_at
    from int_salesforce_activities
    union all
    select
        activity_id,
        crm,
        source_id,
        activity_type,
        subject,
        occurred_at,
        owner_id,
        minutes,
        cast(null as varchar) as account_id,
        cast(null as varchar) as contact_id,
        is_completed,
        created_at,
        is_deleted,
        deleted_at
    from int_hubspot_activities

),

activities_conformed as (

    select
        activities_of_both.activity_id,
        activities_of_both.crm,
        activities_of_both.source_id,
        activities_of_both.activity_type,
        activities_of_both.subject,
        activities_of_both.occurred_at,
        activities_of_both.owner_id,
        activities_of_both.minutes,
        int_activity_opportunities.opportunity_id,
        coalesce(activities_of_both.account_id, int_opportunity_records.account_id) as account_id,
        activities_of_both.contact_id,
        activities_of_both.is_completed,
        activities_of_both.created_at,
        activities_of_both.is_deleted
        and coalesce(activities_of_both.deleted_at, {{ as_of() }}) <= {{ as_of() }} as is_deleted,
        case when activities_of_both.deleted_at <= {{ as_of() }} then activities_of_both.deleted_at end as deleted_at
    from activities_of_both
    left join int_activity_opportunities
        on
            activities_of_both.activity_id = int_activity_opportunities.activity_id
            and int_activity_opportunities.is_first
    left join int_opportunity_records
        on int_activity_opportunities.opportunity_id = int_opportunity_records.opportunity_id
    where activities_of_both.created_at <= {{ as_of() }} or activities_of_both.created_at is null

)

select * from activities_conformed
