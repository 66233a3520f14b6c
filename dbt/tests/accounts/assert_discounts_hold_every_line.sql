-- Every living line of a living deal is in fct_discount once, and list less discount is net, to the cent.

with

lines as (

    select
        count(*) as line_count,
        coalesce(sum(int_opportunity_lines_conformed.net_amount_original), 0) as net_amount
    from {{ ref('int_opportunity_lines_conformed') }} as int_opportunity_lines_conformed
    inner join {{ ref('dim_opportunity') }} as dim_opportunity
        on int_opportunity_lines_conformed.opportunity_id = dim_opportunity.opportunity_id
    where
        not int_opportunity_lines_conformed.is_deleted
        and not dim_opportunity.is_deleted

),

discounts as (

    select
        count(*) as line_count,
        coalesce(sum(net_amount_original), 0) as net_amount,
        coalesce(
            sum(case when list_amount - discount_amount <> net_amount then 1 else 0 end), 0
        ) as broken_count
    from {{ ref('fct_discount') }}

)

select
    lines.line_count as lines_in_crm,
    discounts.line_count,
    discounts.broken_count
from lines
cross join discounts
where
    lines.line_count <> discounts.line_count
    or lines.net_amount <> discounts.net_amount
    or discounts.broken_count > 0
