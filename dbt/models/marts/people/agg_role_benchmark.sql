with

agg_rep_indicator as (

    select * from {{ ref('agg_rep_indicator') }}

),

quarters as (

    select distinct
        quarter_no,
        fiscal_quarter,
        role_family,
        indicator
    from agg_rep_indicator

),

benchmarks as (

    select
        quarters.fiscal_quarter,
        quarters.role_family,
        quarters.indicator,
        count(agg_rep_indicator.actual) as benchmark_count,
        {{ median('agg_rep_indicator.actual') }} as benchmark
    from quarters
    inner join agg_rep_indicator
        on
            quarters.role_family = agg_rep_indicator.role_family
            and quarters.indicator = agg_rep_indicator.indicator
            and quarters.quarter_no - 4 <= agg_rep_indicator.quarter_no
            and quarters.quarter_no > agg_rep_indicator.quarter_no
    where agg_rep_indicator.is_benchmark
    group by
        quarters.fiscal_quarter,
        quarters.role_family,
        quarters.indicator

),

benchmarks_with_enough_people as (

    select
        {{ surrogate_key(['fiscal_quarter', 'role_family', 'indicator']) }} as role_benchmark_key,
        fiscal_quarter,
        role_family,
        indicator,
        cast(benchmark_count as integer) as rep_quarter_count,
        cast(
            case when benchmark_count >= {{ var('coaching_benchmark_min_rep_quarters') }} then benchmark end
            as decimal(18, 6)
        ) as benchmark
    from benchmarks

)

select * from benchmarks_with_enough_people
