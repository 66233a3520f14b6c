with

agg_rep_month_bookings as (

    select * from {{ ref('agg_rep_month_bookings') }}

),

tenured_medians as (

    select
        role_family,
        count(*) as tenured_month_count,
        {{ median('trailing_won_amount') }} as tenured_median
    from agg_rep_month_bookings
    where
        is_complete_month
        and trailing_won_amount is not null
        and tenure_month > coalesce(ramp_months, {{ var('ramp_months_default') }})
    group by role_family

),

months_with_share as (

    select
        agg_rep_month_bookings.*,
        tenured_medians.tenured_month_count,
        cast(tenured_medians.tenured_median as decimal(18, 2)) as tenured_median_amount,
        {{ safe_divide('agg_rep_month_bookings.trailing_won_amount', 'tenured_medians.tenured_median') }}
            as share_of_tenured_median
    from agg_rep_month_bookings
    left join tenured_medians
        on agg_rep_month_bookings.role_family = tenured_medians.role_family

),

productive_months as (

    select
        user_key,
        min(tenure_month) as productive_month
    from months_with_share
    where
        is_start_observed
        and share_of_tenured_median >= {{ var('ramp_productive_share') }}
    group by user_key

),

ramps as (

    select
        months_with_share.rep_month_key as rep_ramp_key,
        months_with_share.user_key,
        months_with_share.tenure_month,
        months_with_share.month_start_date,
        months_with_share.month_end_date,
        months_with_share.is_complete_month,
        months_with_share.role_family,
        months_with_share.ramp_months,
        months_with_share.start_date,
        months_with_share.is_start_observed,
        months_with_share.won_count,
        months_with_share.won_amount,
        months_with_share.trailing_won_amount,
        months_with_share.tenured_median_amount,
        cast(coalesce(months_with_share.tenured_month_count, 0) as integer) as tenured_month_count,
        months_with_share.share_of_tenured_median,
        case
            when months_with_share.is_start_observed
                then {{ whole_days('months_with_share.start_date', 'months_with_share.first_win_date') }}
        end as first_win_day,
        productive_months.productive_month
    from months_with_share
    left join productive_months
        on months_with_share.user_key = productive_months.user_key

)

select * from ramps
