-- The rates that stand beside the studies are those of rpt_forecast_outcome_rates, over all quarters and both
-- CRMs; the years add up to all; and every published figure has its row for every population.

with

rpt_beside_the_studies as (

    select * from {{ ref('rpt_beside_the_studies') }}

),

outcome_rates as (

    select
        won_count,
        decided_deal_count,
        slipped_count,
        forecast_deal_count
    from {{ ref('rpt_forecast_outcome_rates') }}
    where
        crm = 'all'
        and fiscal_quarter = 'all'

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
        rpt_beside_the_studies.measure,
        'differs from rpt_forecast_outcome_rates' as problem
    from rpt_beside_the_studies
    cross join outcome_rates
    where
        rpt_beside_the_studies.population = 'commit'
        and rpt_beside_the_studies.fiscal_year = 'all'
        and (
            (
                rpt_beside_the_studies.measure = 'forecast_win_rate'
                and (
                    rpt_beside_the_studies.numerator <> outcome_rates.won_count
                    or rpt_beside_the_studies.denominator <> outcome_rates.decided_deal_count
                )
            )
            or (
                rpt_beside_the_studies.measure = 'forecast_slip_rate'
                and (
                    rpt_beside_the_studies.numerator <> outcome_rates.slipped_count
                    or rpt_beside_the_studies.denominator <> outcome_rates.forecast_deal_count
                )
            )
        )
    union all
    select
        published_forecast_outcomes.outcome_class as measure,
        'study without a row' as problem
    from {{ ref('published_forecast_outcomes') }} as published_forecast_outcomes
    left join rpt_beside_the_studies
        on
            published_forecast_outcomes.source = rpt_beside_the_studies.source_text
            and published_forecast_outcomes.published_text = rpt_beside_the_studies.published_text
            and published_forecast_outcomes.study_year = rpt_beside_the_studies.study_year
    where rpt_beside_the_studies.measure is null

)

select * from offenders
