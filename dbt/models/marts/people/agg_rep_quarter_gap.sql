with

dim_date as (

    select * from {{ ref('dim_date') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and is_primary_record
        and not is_deleted

),

fct_quota as (

    select * from {{ ref('fct_quota') }}
    where measure = 'bookings'

),

fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}
    where not is_quarter_complete

),

-- the running quarter and the next one
as_of_day as (

    select * from dim_date
    where is_as_of_day

),

quarters as (

    select distinct
        dim_date.fiscal_quarter,
        dim_date.fiscal_quarter_start_date,
        dim_date.fiscal_quarter_end_date
    from dim_date
    cross join as_of_day
    where
        dim_date.date_day = as_of_day.fiscal_quarter_start_date
        or dim_date.date_day = {{ dbt.dateadd('day', 1, 'as_of_day.fiscal_quarter_end_date') }}

),

weighted_amounts as (

    select
        dim_opportunity.owner_key,
        quarters.fiscal_quarter,
        count(*) as open_opportunity_count,
        sum(dim_opportunity.weighted_amount) as weighted_amount
    from dim_opportunity
    inner join quarters
        on
            dim_opportunity.close_date >= quarters.fiscal_quarter_start_date
            and dim_opportunity.close_date <= quarters.fiscal_quarter_end_date
    group by
        dim_opportunity.owner_key,
        quarters.fiscal_quarter

),

reps as (

    select distinct user_key
    from fct_rep_scorecard_quarterly

),

gaps as (

    select
        {{ surrogate_key(['reps.user_key', 'quarters.fiscal_quarter']) }} as rep_quarter_key,
        reps.user_key,
        quarters.fiscal_quarter,
        quarters.fiscal_quarter_start_date,
        fct_quota.quota_amount,
        cast(coalesce(fct_rep_scorecard_quarterly.won_amount, 0) as decimal(18, 2)) as won_amount,
        cast(coalesce(weighted_amounts.weighted_amount, 0) as decimal(18, 2)) as weighted_amount,
        cast(coalesce(weighted_amounts.open_opportunity_count, 0) as integer) as open_opportunity_count
    from reps
    cross join quarters
    left join fct_quota
        on
            reps.user_key = fct_quota.user_key
            and quarters.fiscal_quarter = fct_quota.fiscal_quarter
    left join fct_rep_scorecard_quarterly
        on
            reps.user_key = fct_rep_scorecard_quarterly.user_key
            and quarters.fiscal_quarter = fct_rep_scorecard_quarterly.fiscal_quarter
    left join weighted_amounts
        on
            reps.user_key = weighted_amounts.owner_key
            and quarters.fiscal_quarter = weighted_amounts.fiscal_quarter

)

select * from gaps
