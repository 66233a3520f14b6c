with

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}

),

agg_rep_quarter_results as (

    select * from {{ ref('agg_rep_quarter_results') }}

),

agg_rep_quarter_activity as (

    select * from {{ ref('agg_rep_quarter_activity') }}
    where activity_type = 'all'

),

agg_activity_norm as (

    select * from {{ ref('agg_activity_norm') }}
    where activity_type = 'all'

),

agg_rep_quarter_conduct as (

    select * from {{ ref('agg_rep_quarter_conduct') }}

),

fct_quota as (

    select * from {{ ref('fct_quota') }}
    where measure = 'bookings'

),

measures as (

    select
        dim_rep_quarter.*,
        results.created_opportunity_count,
        results.created_amount,
        results.won_count,
        results.lost_competitor_count,
        results.no_decision_count,
        results.lost_other_count,
        results.lost_unknown_count,
        results.won_with_amount_count,
        results.won_amount,
        results.lost_amount,
        results.won_cycle_days_sum,
        results.won_cycle_days_median,
        results.opening_pipeline_amount,
        results.open_opportunity_count,
        results.open_amount,
        results.closing_open_amount,
        results.well_kept_opportunity_count,
        results.lost_competitor_count + results.no_decision_count
        + results.lost_other_count + results.lost_unknown_count as lost_count,
        agg_rep_quarter_activity.activity_count,
        agg_rep_quarter_activity.present_weeks,
        agg_rep_quarter_activity.weekly_activities,
        agg_activity_norm.norm_weekly_activities,
        conduct.stage_move_count,
        conduct.advance_count,
        conduct.skip_count,
        conduct.touched_opportunity_count,
        conduct.first_touch_hours_median,
        fct_quota.quota_amount,
        fct_quota.prorated_quota_amount,
        cast(fct_quota.quota_amount - results.won_amount as decimal(18, 2)) as gap_amount,
        coalesce(fct_quota.coverage_status, 'missing') as quota_status
    from dim_rep_quarter
    inner join agg_rep_quarter_results as results
        on dim_rep_quarter.rep_quarter_key = results.rep_quarter_key
    inner join agg_rep_quarter_activity
        on dim_rep_quarter.rep_quarter_key = agg_rep_quarter_activity.rep_quarter_key
    inner join agg_rep_quarter_conduct as conduct
        on dim_rep_quarter.rep_quarter_key = conduct.rep_quarter_key
    left join agg_activity_norm
        on dim_rep_quarter.role_family = agg_activity_norm.role_family
    left join fct_quota
        on
            dim_rep_quarter.user_key = fct_quota.user_key
            and dim_rep_quarter.fiscal_quarter = fct_quota.fiscal_quarter

),

scorecards as (

    select
        rep_quarter_key,
        user_key,
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        is_quarter_complete,
        is_full_quarter,
        role_name,
        role_family,
        is_quota_carrying,
        manager_key,
        activity_count,
        present_weeks,
        weekly_activities,
        norm_weekly_activities,
        {{ safe_divide('weekly_activities', 'norm_weekly_activities') }} as activity_norm_share,
        created_opportunity_count,
        created_amount,
        opening_pipeline_amount,
        {{ safe_divide('opening_pipeline_amount', 'quota_amount') }} as opening_coverage,
        open_opportunity_count,
        open_amount,
        closing_open_amount,
        gap_amount,
        case when gap_amount > 0 then {{ safe_divide('closing_open_amount', 'gap_amount') }} end as coverage,
        case
            when gap_amount is null then 'no_quota'
            when gap_amount <= 0 then 'met'
            when closing_open_amount >= gap_amount * {{ var('coverage_target') }} then 'covered'
            else 'short'
        end as coverage_status,
        stage_move_count,
        advance_count,
        {{ safe_divide('advance_count', 'stage_move_count') }} as advance_rate,
        touched_opportunity_count,
        first_touch_hours_median,
        skip_count,
        well_kept_opportunity_count,
        {{ safe_divide('well_kept_opportunity_count', 'open_opportunity_count') }} as hygiene_rate,
        won_count,
        lost_count,
        lost_competitor_count,
        no_decision_count,
        lost_other_count,
        lost_unknown_count,
        {{ safe_divide('won_count', 'won_count + lost_count') }} as win_rate,
        won_amount,
        lost_amount,
        {{ safe_divide('won_amount', 'won_amount + lost_amount') }} as amount_win_rate,
        won_with_amount_count,
        cast({{ safe_divide('won_amount', 'won_with_amount_count') }} as decimal(18, 2)) as average_won_amount,
        {{ safe_divide('won_cycle_days_sum', 'won_count') }} as cycle_days_mean,
        won_cycle_days_median as cycle_days_median,
        quota_amount,
        prorated_quota_amount,
        quota_status,
        {{ safe_divide('won_amount', 'quota_amount') }} as attainment_rate,
        {{ safe_divide('won_amount', 'prorated_quota_amount') }} as prorated_attainment_rate,
        -- what a deal costs stands in neither CRM
        cast(null as decimal(18, 2)) as margin_amount
    from measures

)

select * from scorecards
