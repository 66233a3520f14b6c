{%- set deviations = var('projection_interval_deviations') %}
{%- set lowest_factor, highest_factor = var('projection_calibration_limits') %}
{%- set past_quarters %}
order by quarter_no
            range between {{ var('projection_history_quarters') }} preceding and 1 preceding
{%- endset %}

with

int_forecast_scope_weeks as (

    select * from {{ ref('int_forecast_scope_weeks') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

company_weeks as (

    select
        quarter_no,
        week_of_quarter,
        past_quarter_count,
        max(snapshot_at) over () as last_snapshot_at
    from int_forecast_scope_weeks
    where scope_type = 'all'

),

quarters as (

    select
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        fiscal_year * 4 + fiscal_quarter_number as quarter_no,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'fiscal_quarter_end_date')) }} <= {{ as_of() }}
            as is_quarter_complete
    from dim_date
    where date_day = fiscal_quarter_start_date

),

-- money that is not yet booked, as history has it: from the deals that are open, and from those that nobody sees yet
weeks_with_rest as (

    select
        weeks.*,
        quarters.fiscal_quarter,
        quarters.fiscal_quarter_start_date,
        quarters.fiscal_quarter_end_date,
        quarters.is_quarter_complete,
        weeks.snapshot_at = company_weeks.last_snapshot_at and not quarters.is_quarter_complete as is_latest,
        company_weeks.past_quarter_count as history_quarter_count,
        coalesce({{ safe_divide('weeks.past_unseen_amount', 'weeks.past_quarter_count') }}, 0)
            as expected_unseen_amount,
        coalesce(
            (
                cast(weeks.past_quarter_count as double) * cast(weeks.past_squared_unseen_amount as double)
                - cast(weeks.past_unseen_amount as double) * cast(weeks.past_unseen_amount as double)
            )
            / nullif(weeks.past_quarter_count * (weeks.past_quarter_count - 1), 0)
            * (1 + 1.0 / nullif(weeks.past_quarter_count, 0)),
            0
        ) as unseen_variance,
        cast(case
            when company_weeks.past_quarter_count >= {{ var('projection_minimum_quarters') }}
                then
                    weeks.expected_open_amount
                    + coalesce({{ safe_divide('weeks.past_unseen_amount', 'weeks.past_quarter_count') }}, 0)
        end as decimal(18, 2)) as expected_rest_amount
    from int_forecast_scope_weeks as weeks
    inner join company_weeks
        on
            weeks.quarter_no = company_weeks.quarter_no
            and weeks.week_of_quarter = company_weeks.week_of_quarter
    inner join quarters
        on weeks.quarter_no = quarters.quarter_no

),

-- what the projections of earlier quarters, for the same week, made too much or too little of
ratios as (

    select
        quarter_no,
        week_of_quarter,
        {{ safe_divide(
            'sum(case when expected_rest_amount is not null then won_amount - booked_to_date_amount end) '
            ~ 'over past_quarters',
            'sum(expected_rest_amount) over past_quarters'
        ) }} as past_ratio
    from weeks_with_rest
    where scope_type = 'all'
    window
        past_quarters as (
            partition by week_of_quarter
            {{ past_quarters }}
        )

),

calibrations as (

    select
        quarter_no,
        week_of_quarter,
        cast(case
            when past_ratio is null then 1
            when past_ratio < {{ lowest_factor }} then {{ lowest_factor }}
            when past_ratio > {{ highest_factor }} then {{ highest_factor }}
            else past_ratio
        end as decimal(19, 6)) as calibration_factor
    from ratios

),

projections as (

    select
        weeks.*,
        calibrations.calibration_factor,
        cast(round(
            weeks.booked_to_date_amount + weeks.expected_rest_amount * calibrations.calibration_factor, 2
        ) as decimal(18, 2)) as projected_amount,
        (cast(weeks.open_variance as double) + weeks.unseen_variance)
        * cast(calibrations.calibration_factor as double)
        * cast(calibrations.calibration_factor as double) as own_variance
    from weeks_with_rest as weeks
    inner join calibrations
        on
            weeks.quarter_no = calibrations.quarter_no
            and weeks.week_of_quarter = calibrations.week_of_quarter

),

-- an interval is no narrower than the errors that were made before it
projections_with_deviation as (

    select
        *,
        cast(round(sqrt(greatest(
            own_variance,
            coalesce(cast(sum(
                cast(won_amount - projected_amount as decimal(19, 2))
                * cast(won_amount - projected_amount as decimal(18, 2))
            ) over past_quarters as double) / nullif(count(projected_amount) over past_quarters, 0), 0)
        )), 2) as decimal(18, 2)) as standard_deviation_amount
    from projections
    window
        past_quarters as (
            partition by scope_type, scope_key, week_of_quarter
            {{ past_quarters }}
        )

),

projections_with_interval as (

    select
        {{ surrogate_key(['scope_type', 'scope_key', 'fiscal_quarter', 'week_of_quarter']) }}
            as forecast_projection_key,
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        is_quarter_complete,
        week_of_quarter,
        snapshot_at,
        is_latest,
        scope_type,
        scope_key,
        booked_to_date_amount,
        cast(open_deal_count as bigint) as open_deal_count,
        open_amount,
        case when projected_amount is not null then expected_open_amount end as expected_open_amount,
        case when projected_amount is not null then cast(round(expected_unseen_amount, 2) as decimal(18, 2)) end
            as expected_unseen_amount,
        case when projected_amount is not null then cast(calibration_factor as decimal(18, 6)) end
            as calibration_factor,
        projected_amount,
        case when projected_amount is not null then standard_deviation_amount end as standard_deviation_amount,
        case
            when projected_amount is not null and history_quarter_count >= 2
                then cast(round(greatest(
                    least(booked_to_date_amount, projected_amount),
                    projected_amount - {{ deviations }} * standard_deviation_amount
                ), 2) as decimal(18, 2))
        end as projected_low_amount,
        case
            when projected_amount is not null and history_quarter_count >= 2
                then cast(round(projected_amount + {{ deviations }} * standard_deviation_amount, 2) as decimal(18, 2))
        end as projected_high_amount,
        commit_open_amount,
        cast(booked_to_date_amount + commit_open_amount as decimal(18, 2)) as commit_forecast_amount,
        history_quarter_count
    from projections_with_deviation
    where
        open_deal_count > 0
        or booked_to_date_amount <> 0

)

select * from projections_with_interval
