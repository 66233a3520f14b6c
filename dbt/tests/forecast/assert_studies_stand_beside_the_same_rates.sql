-- The rates that stand beside the studies are, over all quarters and both CRMs, those of the marts that they are taken
-- from, counted once more; the years add up to all; and every published figure of both seeds stands in a row of every
-- population and year of its measure, as it was published.

with

rpt_beside_the_studies as (

    select * from {{ ref('rpt_beside_the_studies') }}

),

outcome_rates as (

    select * from {{ ref('rpt_forecast_outcome_rates') }}
    where
        crm = 'all'
        and fiscal_quarter = 'all'
        and forecast_category = 'commit'

),

closed_opportunities as (

    select dim_opportunity.outcome_class
    from {{ ref('dim_opportunity') }} as dim_opportunity
    inner join {{ ref('dim_date') }} as dim_date
        on dim_opportunity.closed_date = dim_date.date_day
    where
        dim_date.fiscal_quarter_end_date < {{ reporting_day(as_of()) }}
        and dim_opportunity.is_closed
        and dim_opportunity.is_primary_record
        and not dim_opportunity.is_deleted

),

full_quarters_with_quota as (

    select won_amount >= quota_amount as is_attained
    from {{ ref('fct_rep_scorecard_quarterly') }}
    where
        is_quarter_complete
        and is_full_quarter
        and quota_amount is not null

),

rates_of_marts as (

    {% for measure, numerator, denominator in [
        ('forecast_win_rate', 'won_count', 'decided_deal_count'),
        ('forecast_competitive_loss_rate', 'lost_competitor_count', 'decided_deal_count'),
        ('forecast_no_decision_rate', 'no_decision_count', 'decided_deal_count'),
        ('forecast_slip_rate', 'slipped_count', 'forecast_deal_count'),
    ] -%}
        select
            '{{ measure }}' as measure,
            'commit' as population,
            {{ numerator }} as numerator,
            {{ denominator }} as denominator
        from outcome_rates
        union all
    {% endfor -%}
    {% for measure, outcome_class in [('win_rate', 'won'), ('closed_no_decision_rate', 'no_decision')] -%}
        select
            '{{ measure }}' as measure,
            'closed deals' as population,
            count(case when outcome_class = '{{ outcome_class }}' then 1 end) as numerator,
            count(*) as denominator
        from closed_opportunities
        union all
    {% endfor -%}
    select
        'quota_attainment' as measure,
        'full quarters of people with a quota' as population,
        count(case when is_attained then 1 end) as numerator,
        count(*) as denominator
    from full_quarters_with_quota

),

published_figures as (

    select
        case outcome_class
            when 'won' then 'forecast_win_rate'
            when 'lost_competitor' then 'forecast_competitive_loss_rate'
            when 'no_decision' then 'forecast_no_decision_rate'
        end as measure,
        study_year,
        published_text,
        source as source_text,
        share as published_rate_low,
        share as published_rate_high
    from {{ ref('published_forecast_outcomes') }}
    union all
    select
        measure,
        study_year,
        published_text,
        source as source_text,
        published_low as published_rate_low,
        published_high as published_rate_high
    from {{ ref('published_sales_rates') }}

),

populations_and_years as (

    select distinct
        measure,
        population,
        fiscal_year
    from rpt_beside_the_studies

),

years_beside_all as (

    select
        measure,
        population,
        study_year,
        source_text,
        published_text,
        sum(case when fiscal_year = 'all' then numerator else -numerator end) as numerator_difference,
        sum(case when fiscal_year = 'all' then denominator else -denominator end) as denominator_difference
    from rpt_beside_the_studies
    group by
        measure,
        population,
        study_year,
        source_text,
        published_text

),

offenders as (

    select
        measure,
        'years do not add up' as problem
    from years_beside_all
    where
        numerator_difference <> 0
        or denominator_difference <> 0
    union all
    select
        rates_of_marts.measure,
        'differs from the mart that it is taken from' as problem
    from rates_of_marts
    left join rpt_beside_the_studies
        on
            rates_of_marts.measure = rpt_beside_the_studies.measure
            and rates_of_marts.population = rpt_beside_the_studies.population
            and rpt_beside_the_studies.fiscal_year = 'all'
    where
        (rates_of_marts.numerator is distinct from rpt_beside_the_studies.numerator)
        or (rates_of_marts.denominator is distinct from rpt_beside_the_studies.denominator)
    union all
    select
        published_figures.measure,
        'published figure without a row, or with another figure' as problem
    from published_figures
    left join populations_and_years
        on published_figures.measure = populations_and_years.measure
    left join rpt_beside_the_studies
        on
            populations_and_years.measure = rpt_beside_the_studies.measure
            and populations_and_years.population = rpt_beside_the_studies.population
            and populations_and_years.fiscal_year = rpt_beside_the_studies.fiscal_year
            and published_figures.study_year = rpt_beside_the_studies.study_year
            and published_figures.source_text = rpt_beside_the_studies.source_text
            and published_figures.published_text = rpt_beside_the_studies.published_text
            and published_figures.published_rate_low = rpt_beside_the_studies.published_rate_low
            and published_figures.published_rate_high = rpt_beside_the_studies.published_rate_high
    where rpt_beside_the_studies.measure is null

)

select * from offenders
