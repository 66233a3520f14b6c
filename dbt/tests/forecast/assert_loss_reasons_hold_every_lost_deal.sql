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

    (
        select * from from_reasons
        except
        select * from from_deals
    )
    union all
    (
        select * from from_deals
        except
        select * from from_reasons
    )

)

select * from differences
