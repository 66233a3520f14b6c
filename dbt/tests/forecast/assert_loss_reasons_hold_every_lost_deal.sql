-- By outcome, the deals counted per reason are the lost deals, and their amounts are the lost business, to the cent.

with

from_reasons as (

    select
        crm,
        outcome_class,
        sum(lost_opportunity_count) as deals,
        coalesce(sum(lost_amount), 0) as amount
    from {{ ref('dim_loss_reason') }}
    where lost_opportunity_count > 0
    group by
        crm,
        outcome_class

),

from_deals as (

    select
        crm,
        outcome_class,
        count(*) as deals,
        coalesce(sum(amount), 0) as amount
    from {{ ref('dim_opportunity') }}
    where
        is_lost
        and not is_deleted
    group by
        crm,
        outcome_class

),

differences as (

    select
        from_reasons.deals as deals_by_reason,
        from_deals.deals,
        from_reasons.amount as amount_by_reason,
        from_deals.amount
    from from_reasons
    full outer join from_deals
        on
            from_reasons.crm = from_deals.crm
            and from_reasons.outcome_class = from_deals.outcome_class
    where
        from_reasons.deals is distinct from from_deals.deals
        or from_reasons.amount is distinct from from_deals.amount

)

select * from differences
