with

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}
    where
        is_quarter_complete
        and first_forecast_at is not null
        and was_primary_record

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_closed
        and not is_deleted
        and is_primary_record

),

dim_date as (

    select
        *,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'fiscal_quarter_end_date')) }} <= {{ as_of() }}
            as is_quarter_complete
    from {{ ref('dim_date') }}

),

-- whoever came, or left, within the quarter could not reach a whole one's quota
fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}
    where
        is_quarter_complete
        and is_full_quarter
        and quota_amount is not null

),

forecast_deals as (

    select
        dim_date.fiscal_year,
        'commit' as population,
        fct_forecast_quarter.outcome
    from fct_forecast_quarter
    inner join dim_date
        on fct_forecast_quarter.fiscal_quarter_start_date = dim_date.date_day
    where fct_forecast_quarter.first_commit_at is not null
    union all
    select
        dim_date.fiscal_year,
        'commit or best case' as population,
        fct_forecast_quarter.outcome
    from fct_forecast_quarter
    inner join dim_date
        on fct_forecast_quarter.fiscal_quarter_start_date = dim_date.date_day

),

closed_deals as (

    select
        dim_date.fiscal_year,
        dim_opportunity.outcome_class
    from dim_opportunity
    inner join dim_date
        on {{ reporting_day('dim_opportunity.closed_at') }} = dim_date.date_day
    where dim_date.is_quarter_complete

),

quota_quarters as (

    select
        dim_date.fiscal_year,
        fct_rep_scorecard_quarterly.quota_amount,
        fct_rep_scorecard_quarterly.won_amount
    from fct_rep_scorecard_quarterly
    inner join dim_date
        on fct_rep_scorecard_quarterly.fiscal_quarter_start_date = dim_date.date_day

),

trials as (

    {% for measure, outcome in [
        ('forecast_win_rate', 'won'),
        ('forecast_competitive_loss_rate', 'lost_competitor'),
        ('forecast_no_decision_rate', 'no_decision'),
    ] -%}
        select
            '{{ measure }}' as measure,
            population,
            fiscal_year,
            outcome = '{{ outcome }}' as is_hit
        from forecast_deals
        where outcome in ('won', 'lost_competitor', 'no_decision')
        union all
    {% endfor -%}
    select
        'forecast_slip_rate' as measure,
        population,
        fiscal_year,
        outcome = 'slipped' as is_hit
    from forecast_deals
    union all
    select
        'win_rate' as measure,
        'closed deals' as population,
        fiscal_year,
        outcome_class = 'won' as is_hit
    from closed_deals
    union all
    select
        'closed_no_decision_rate' as measure,
        'closed deals' as population,
        fiscal_year,
        outcome_class = 'no_decision' as is_hit
    from closed_deals
    union all
    select
        'quota_attainment' as measure,
        'full quarters of people with a quota' as population,
        fiscal_year,
        won_amount >= quota_amount as is_hit
    from quota_quarters

),

trials_by_year as (

    select
        measure,
        population,
        'FY' || fiscal_year as fiscal_year,
        is_hit
    from trials
    union all
    select
        measure,
        population,
        'all' as fiscal_year,
        is_hit
    from trials

),

counts as (

    select
        measure,
        population,
        fiscal_year,
        count(case when is_hit then 1 end) as numerator,
        count(*) as denominator
    from trials_by_year
    group by
        measure,
        population,
        fiscal_year

)

select * from counts
