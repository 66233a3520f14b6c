-- On the Mondays, what people have open is what the versions say, to the cent, and money is spread over no fewer than
-- one and no more deals than there are.

with

rpt_pipeline_capacity as (

    select * from {{ ref('rpt_pipeline_capacity') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where
        is_open
        and owner_key is not null

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where is_primary_record

),

weeks as (

    select
        week_start_date,
        sum(open_opportunity_count) as open_opportunity_count,
        sum(open_amount) as open_amount,
        sum(
            case
                when effective_opportunity_count < 1 or effective_opportunity_count > amount_count then 1
                else 0
            end
        ) as impossible_spread_count
    from rpt_pipeline_capacity
    group by week_start_date

),

as_of_queries as (

    select
        weeks.week_start_date,
        count(*) as open_opportunity_count,
        sum(coalesce(fct_opportunity_version.amount, 0)) as open_amount
    from weeks
    inner join fct_opportunity_version
        on
            fct_opportunity_version.valid_from <= {{ reporting_midnight('weeks.week_start_date') }}
            and coalesce(fct_opportunity_version.valid_to, {{ end_of_time() }})
            > {{ reporting_midnight('weeks.week_start_date') }}
    inner join dim_opportunity
        on
            fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id
            and coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }})
            <= {{ reporting_midnight('weeks.week_start_date') }}
    group by weeks.week_start_date

)

select
    weeks.*,
    as_of_queries.open_opportunity_count as expected_count,
    as_of_queries.open_amount as expected_amount
from weeks
left join as_of_queries
    on weeks.week_start_date = as_of_queries.week_start_date
where
    weeks.open_opportunity_count <> coalesce(as_of_queries.open_opportunity_count, 0)
    or weeks.open_amount <> coalesce(as_of_queries.open_amount, 0)
    or weeks.impossible_spread_count > 0
