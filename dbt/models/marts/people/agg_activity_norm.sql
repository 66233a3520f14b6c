with

agg_rep_quarter_activity as (

    select * from {{ ref('agg_rep_quarter_activity') }}

),

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}

),

agg_rep_quarter_results as (

    select * from {{ ref('agg_rep_quarter_results') }}

),

fct_quota as (

    select * from {{ ref('fct_quota') }}
    where measure = 'bookings'

),

-- part quarters would compare people who had weeks with people who had months
attainments as (

    select
        dim_rep_quarter.role_family,
        agg_rep_quarter_activity.activity_type,
        agg_rep_quarter_activity.weekly_activities,
        {{ safe_divide('agg_rep_quarter_results.won_amount', 'fct_quota.quota_amount') }} as attainment_rate
    from agg_rep_quarter_activity
    inner join dim_rep_quarter
        on agg_rep_quarter_activity.rep_quarter_key = dim_rep_quarter.rep_quarter_key
    inner join agg_rep_quarter_results
        on agg_rep_quarter_activity.rep_quarter_key = agg_rep_quarter_results.rep_quarter_key
    inner join fct_quota
        on
            agg_rep_quarter_activity.user_key = fct_quota.user_key
            and agg_rep_quarter_activity.fiscal_quarter = fct_quota.fiscal_quarter
    where
        dim_rep_quarter.is_quarter_complete
        and dim_rep_quarter.is_full_quarter
        and fct_quota.quota_amount > 0

),

-- equal values share the mean of the ranks that they take up
ranks as (

    select
        *,
        rank() over (
            partition by role_family, activity_type
            order by weekly_activities
        ) + (count(*) over (partition by role_family, activity_type, weekly_activities) - 1) / 2.0
            as activity_rank,
        rank() over (
            partition by role_family, activity_type
            order by attainment_rate
        ) + (count(*) over (partition by role_family, activity_type, attainment_rate) - 1) / 2.0
            as attainment_rank
    from attainments

),

norms as (

    select
        role_family,
        activity_type,
        count(*) as rep_quarter_count,
        sum(case when attainment_rate >= 1 then 1 else 0 end) as attaining_count,
        {{ median('case when attainment_rate >= 1 then weekly_activities end') }} as attaining_median,
        {{ median('case when attainment_rate < 1 then weekly_activities end') }} as other_median,
        case
            when count(distinct activity_rank) > 1 and count(distinct attainment_rank) > 1
                then corr(activity_rank, attainment_rank)
        end as rank_correlation
    from ranks
    group by
        role_family,
        activity_type

),

norms_with_enough_people as (

    select
        {{ surrogate_key(['role_family', 'activity_type']) }} as activity_norm_key,
        role_family,
        activity_type,
        cast(rep_quarter_count as integer) as rep_quarter_count,
        cast(attaining_count as integer) as attaining_rep_quarter_count,
        cast(
            case when attaining_count >= {{ var('activity_norm_min_rep_quarters') }} then attaining_median end
            as decimal(18, 6)
        ) as norm_weekly_activities,
        cast(
            case
                when rep_quarter_count - attaining_count >= {{ var('activity_norm_min_rep_quarters') }}
                    then other_median
            end as decimal(18, 6)
        ) as other_weekly_activities,
        cast(
            case when rep_quarter_count >= {{ var('activity_norm_min_rep_quarters') }} then rank_correlation end
            as decimal(18, 6)
        ) as rank_correlation,
        {{ as_of() }} as as_of
    from norms

)

select * from norms_with_enough_people
