with

int_own_rates as (

    select * from {{ ref('int_own_rates') }}

),

published_forecast_outcomes as (

    select * from {{ ref('published_forecast_outcomes') }}

),

published_sales_rates as (

    select * from {{ ref('published_sales_rates') }}

),

studies as (

    select
        case outcome_class
            when 'won' then 'forecast_win_rate'
            when 'lost_competitor' then 'forecast_competitive_loss_rate'
            when 'no_decision' then 'forecast_no_decision_rate'
        end as measure,
        study_year,
        share as published_low,
        share as published_high,
        qualifier,
        published_text,
        source as source_text,
        grade
    from published_forecast_outcomes
    union all
    select
        measure,
        study_year,
        published_low,
        published_high,
        qualifier,
        published_text,
        source as source_text,
        grade
    from published_sales_rates

),

-- a measure that nothing here can answer has its rows too, with the reason
populations as (

    select
        measure,
        population
    from int_own_rates
    union
    select
        'quota_attainment' as measure,
        'full quarters of people with a quota' as population
    union
    select
        'win_rate' as measure,
        'closed deals' as population
    union
    select
        'closed_no_decision_rate' as measure,
        'closed deals' as population
    union
    select distinct
        measure,
        'commit' as population
    from studies
    where measure not in ('quota_attainment', 'win_rate', 'closed_no_decision_rate')

),

years as (

    select fiscal_year
    from int_own_rates
    union
    select 'all' as fiscal_year

),

own_rates as (

    select
        populations.measure,
        populations.population,
        years.fiscal_year,
        coalesce(int_own_rates.numerator, 0) as numerator,
        coalesce(int_own_rates.denominator, 0) as denominator
    from populations
    cross join years
    left join int_own_rates
        on
            populations.measure = int_own_rates.measure
            and populations.population = int_own_rates.population
            and years.fiscal_year = int_own_rates.fiscal_year

),

rates_with_interval as (

    select
        *,
        {{ safe_divide('numerator', 'denominator') }} as own_rate,
        {{ wilson_bound('numerator', 'denominator', '-') }} as own_rate_low,
        {{ wilson_bound('numerator', 'denominator', '+') }} as own_rate_high,
        case
            when denominator > 0 then null
            when measure = 'quota_attainment' then 'no quota is given for a whole quarter that is over'
            when measure in ('win_rate', 'closed_no_decision_rate') then 'no deal was closed in a quarter that is over'
            else 'no forecast deal was decided in a quarter that is over'
        end as missing_reason
    from own_rates

),

beside_the_studies as (

    select
        {{ surrogate_key([
            'rates.measure', 'rates.population', 'rates.fiscal_year', 'studies.study_year', 'studies.source_text',
            'studies.published_text',
        ]) }} as study_comparison_key,
        rates.measure,
        rates.population,
        rates.fiscal_year,
        rates.numerator,
        rates.denominator,
        rates.own_rate,
        rates.own_rate_low,
        rates.own_rate_high,
        rates.missing_reason,
        studies.study_year,
        cast(studies.published_low as decimal(18, 6)) as published_rate_low,
        cast(studies.published_high as decimal(18, 6)) as published_rate_high,
        studies.qualifier,
        studies.published_text,
        studies.source_text,
        studies.grade,
        rates.own_rate_low <= studies.published_high
        and rates.own_rate_high >= studies.published_low as is_study_inside_interval,
        case
            when rates.denominator = 0 then 'nothing to compare'
            when rates.own_rate_low > studies.published_high then 'above the study'
            when rates.own_rate_high < studies.published_low then 'below the study'
            else 'not told apart'
        end as reading
    from rates_with_interval as rates
    inner join studies
        on rates.measure = studies.measure

)

select * from beside_the_studies
