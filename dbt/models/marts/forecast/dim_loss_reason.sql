with

loss_reason_map as (

    select * from {{ ref('loss_reason_map') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_lost
        and not is_deleted

),

-- people write one reason in upper and lower case; the least of the spellings stands for all
lost_opportunities as (

    select
        crm,
        lower(loss_reason_raw) as reason_in_lower_case,
        min(loss_reason_raw) as loss_reason,
        count(*) as lost_opportunity_count,
        cast(sum(amount) as decimal(18, 2)) as lost_amount,
        max(closed_at) as last_closed_at
    from dim_opportunity
    group by
        crm,
        lower(loss_reason_raw)

),

reasons as (

    select
        {{ surrogate_key([
            'coalesce(loss_reason_map.crm, lost_opportunities.crm)',
            'coalesce(lower(loss_reason_map.loss_reason), lost_opportunities.reason_in_lower_case)',
        ]) }} as loss_reason_key,
        coalesce(loss_reason_map.crm, lost_opportunities.crm) as crm,
        coalesce(loss_reason_map.loss_reason, lost_opportunities.loss_reason) as loss_reason,
        loss_reason_map.loss_class,
        {{ outcome_class('true', 'false', 'loss_reason_map.loss_class') }} as outcome_class,
        case
            when loss_reason_map.loss_reason is not null then 'mapped'
            when lost_opportunities.loss_reason is null then 'missing'
            else 'unmapped'
        end as mapping_status,
        coalesce(lost_opportunities.lost_opportunity_count, 0) as lost_opportunity_count,
        lost_opportunities.lost_amount,
        lost_opportunities.last_closed_at
    from loss_reason_map
    full outer join lost_opportunities
        on
            loss_reason_map.crm = lost_opportunities.crm
            and lower(loss_reason_map.loss_reason) = lost_opportunities.reason_in_lower_case

)

select * from reasons
