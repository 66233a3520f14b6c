with

versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

opportunities as (

    select * from {{ ref('int_opportunities_conformed') }}

),

versions_with_outcome as (

    select
        versions.opportunity_id,
        versions.version_no,
        versions.crm,
        versions.pipeline_id,
        versions.valid_from,
        versions.valid_to,
        versions.is_closed,
        versions.is_won,
        -- neither CRM keeps the history of the loss reason: the present one stands for the past
        {{ outcome_class('versions.is_closed', 'versions.is_won', 'opportunities.loss_class') }} as outcome_class,
        versions.amount,
        versions.close_date,
        versions.owner_id,
        opportunities.deleted_at
    from versions
    inner join opportunities
        on versions.opportunity_id = opportunities.opportunity_id

),

versions_with_previous_outcome as (

    select
        *,
        lag(outcome_class) over (
            partition by opportunity_id
            order by version_no
        ) as previous_outcome_class
    from versions_with_outcome

),

-- an edit of a closed deal, or a move between two won stages, is no second closing
versions_with_outcome_since as (

    select
        opportunity_id,
        version_no,
        crm,
        pipeline_id,
        valid_from,
        valid_to,
        is_closed,
        is_won,
        outcome_class,
        max(
            case when outcome_class is distinct from previous_outcome_class then valid_from end
        ) over (
            partition by opportunity_id
            order by version_no
            rows between unbounded preceding and current row
        ) as outcome_since,
        amount,
        close_date,
        owner_id,
        deleted_at
    from versions_with_previous_outcome

)

select * from versions_with_outcome_since
