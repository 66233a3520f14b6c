with

int_salesforce_activities as (

    select * from {{ ref('int_salesforce_activities') }}

),

stg_hubspot__deal_associations as (

    select * from {{ ref('stg_hubspot__deal_associations') }}

),

-- one activity can be tied to a deal by several kinds of tie
hubspot_pairs as (

    select distinct
        'hubspot:' || to_object_type || ':' || to_source_id as activity_id,
        'hubspot:' || source_opportunity_id as opportunity_id
    from stg_hubspot__deal_associations
    where
        to_object_type in ('calls', 'meetings', 'emails', 'tasks')
        and {{ link_holds_at_as_of() }}

),

pairs as (

    -- Salesforce ties an activity to one deal
    select
        activity_id,
        opportunity_id,
        true as is_first
    from int_salesforce_activities
    where opportunity_id is not null
    union all
    select
        activity_id,
        opportunity_id,
        row_number() over (
            partition by activity_id
            order by opportunity_id
        ) = 1 as is_first
    from hubspot_pairs

)

select * from pairs
