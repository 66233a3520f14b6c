{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'mart_fingerprint']) }}

with

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}
    {{ touched_only() }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}
    {{ touched_only() }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

versions_with_outcome as (

    select
        int_opportunity_versions.*,
        -- neither CRM keeps the history of the loss reason: the present one stands for the past
        {{ outcome_class(
            'int_opportunity_versions.is_closed', 'int_opportunity_versions.is_won',
            'int_opportunities_conformed.loss_class'
        ) }} as outcome_class,
        int_users_conformed.user_key as owner_key,
        int_opportunities_conformed.deleted_at
    from int_opportunity_versions
    inner join int_opportunities_conformed
        on int_opportunity_versions.opportunity_id = int_opportunities_conformed.opportunity_id
    left join int_users_conformed
        on int_opportunity_versions.owner_id = int_users_conformed.user_id

),

versions_with_previous_outcome as (

    select
        *,
        lag(outcome_class) over (
            partition by opportunity_id
            order by version_no
        ) as previous_outcome_class,
        lag(canonical_stage) over (
            partition by opportunity_id
            order by version_no
        ) as previous_canonical_stage
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
        canonical_stage,
        max(
            case
                when version_no = 1 or canonical_stage is distinct from previous_canonical_stage then valid_from
            end
        ) over (
            partition by opportunity_id
            order by version_no
            rows between unbounded preceding and current row
        ) as canonical_stage_since,
        forecast_category,
        amount,
        amount_original,
        currency_code,
        fx_rate,
        close_date,
        owner_id,
        owner_key,
        deleted_at
    from versions_with_previous_outcome

)

select * from versions_with_outcome_since
