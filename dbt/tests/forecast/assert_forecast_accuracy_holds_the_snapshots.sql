-- What the people had open in commit and best case, counted a second way: the snapshots of fct_forecast_snapshot,
-- without the second record of a deal that both CRMs held then, are those of all, in every week and to the cent.

with

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

snapshots as (

    select
        deal_snapshots.fiscal_quarter,
        deal_snapshots.week_of_quarter,
        coalesce(sum(case when deal_snapshots.forecast_category = 'commit' then deal_snapshots.amount end), 0)
            as commit_amount,
        coalesce(
            sum(case when deal_snapshots.forecast_category = 'best_case' then deal_snapshots.amount end), 0
        ) as best_case_amount
    from {{ ref('fct_forecast_snapshot') }} as deal_snapshots
    inner join dim_opportunity
        on deal_snapshots.opportunity_id = dim_opportunity.opportunity_id
    left join dim_opportunity as other_records
        on
            dim_opportunity.crm <> '{{ var("primary_crm") }}'
            and dim_opportunity.crosswalk_opportunity_id = other_records.opportunity_id
            and deal_snapshots.snapshot_at >= other_records.created_at
            and deal_snapshots.snapshot_at < coalesce(other_records.deleted_at, {{ end_of_time() }})
    where other_records.opportunity_id is null
    group by
        deal_snapshots.fiscal_quarter,
        deal_snapshots.week_of_quarter

),

accuracies as (

    select
        fiscal_quarter,
        week_of_quarter,
        commit_open_amount,
        best_case_open_amount
    from {{ ref('agg_forecast_accuracy') }}
    where scope_type = 'all'

),

differences as (

    select
        coalesce(snapshots.fiscal_quarter, accuracies.fiscal_quarter) as fiscal_quarter,
        coalesce(snapshots.week_of_quarter, accuracies.week_of_quarter) as week_of_quarter
    from snapshots
    full outer join accuracies
        on
            snapshots.fiscal_quarter = accuracies.fiscal_quarter
            and snapshots.week_of_quarter = accuracies.week_of_quarter
    where
        coalesce(snapshots.commit_amount, 0) <> coalesce(accuracies.commit_open_amount, 0)
        or coalesce(snapshots.best_case_amount, 0) <> coalesce(accuracies.best_case_open_amount, 0)

)

select * from differences
