with

fct_forecast_projection as (

    select * from {{ ref('fct_forecast_projection') }}
    where
        is_quarter_complete
        and projected_amount is not null

),

agg_forecast_accuracy as (

    select * from {{ ref('agg_forecast_accuracy') }}

),

projections_with_result as (

    select
        projection.fiscal_quarter,
        projection.week_of_quarter,
        projection.scope_type,
        projection.scope_key,
        coalesce(agg_forecast_accuracy.booked_amount, 0) as booked_amount,
        projection.projected_amount,
        projection.commit_forecast_amount,
        projection.projected_amount - coalesce(agg_forecast_accuracy.booked_amount, 0) as projection_error,
        projection.commit_forecast_amount - coalesce(agg_forecast_accuracy.booked_amount, 0) as commit_error,
        coalesce(agg_forecast_accuracy.booked_amount, 0)
        between projection.projected_low_amount and projection.projected_high_amount as is_inside_interval
    from fct_forecast_projection as projection
    left join agg_forecast_accuracy
        on
            projection.scope_type = agg_forecast_accuracy.scope_type
            and projection.scope_key = agg_forecast_accuracy.scope_key
            and projection.fiscal_quarter = agg_forecast_accuracy.fiscal_quarter
            and projection.week_of_quarter = agg_forecast_accuracy.week_of_quarter

),

results_by_quarter as (

    select * from projections_with_result
    union all
    select
        'all' as fiscal_quarter,
        week_of_quarter,
        scope_type,
        scope_key,
        booked_amount,
        projected_amount,
        commit_forecast_amount,
        projection_error,
        commit_error,
        is_inside_interval
    from projections_with_result

),

sums as (

    select
        fiscal_quarter,
        week_of_quarter,
        scope_type,
        scope_key,
        count(*) as quarter_count,
        cast(sum(booked_amount) as decimal(18, 2)) as booked_amount,
        cast(sum(projected_amount) as decimal(18, 2)) as projected_amount,
        cast(sum(commit_forecast_amount) as decimal(18, 2)) as commit_forecast_amount,
        cast(sum(abs(projection_error)) as decimal(18, 2)) as projection_error_amount,
        cast(sum(abs(commit_error)) as decimal(18, 2)) as commit_error_amount,
        count(case when abs(projection_error) < abs(commit_error) then 1 end) as projection_nearer_count,
        count(case when abs(commit_error) < abs(projection_error) then 1 end) as people_nearer_count,
        count(case when is_inside_interval then 1 end) as inside_interval_count
    from results_by_quarter
    group by
        fiscal_quarter,
        week_of_quarter,
        scope_type,
        scope_key

),

backtest as (

    select
        {{ surrogate_key(['scope_type', 'scope_key', 'fiscal_quarter', 'week_of_quarter']) }}
            as forecast_projection_backtest_key,
        *,
        1 - {{ safe_divide('projection_error_amount', 'booked_amount') }} as projection_accuracy,
        1 - {{ safe_divide('commit_error_amount', 'booked_amount') }} as people_accuracy,
        {{ safe_divide('projected_amount - booked_amount', 'booked_amount') }} as projection_bias,
        {{ safe_divide('commit_forecast_amount - booked_amount', 'booked_amount') }} as people_bias,
        case
            when projection_error_amount < commit_error_amount then 'projection'
            when commit_error_amount < projection_error_amount then 'people'
            else 'tie'
        end as nearer
    from sums

)

select * from backtest
