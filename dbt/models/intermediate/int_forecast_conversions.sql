{%- set history %}
range between {{ var('projection_history_quarters') }} preceding and 1 preceding
{%- endset %}
{%- set prior_deals = var('projection_prior_deals') %}

with

int_forecast_weekly_cells as (

    select * from {{ ref('int_forecast_weekly_cells') }}
    where deal_position = 'open'

),

cells as (

    select
        quarter_no,
        week_of_quarter,
        canonical_stage,
        stage_age_band,
        due_band,
        sum(deal_count) as deal_count,
        sum(won_count) as won_count
    from int_forecast_weekly_cells
    group by
        quarter_no,
        week_of_quarter,
        canonical_stage,
        stage_age_band,
        due_band

),

cells_of_stages as (

    select
        quarter_no,
        week_of_quarter,
        canonical_stage,
        due_band,
        sum(deal_count) as deal_count,
        sum(won_count) as won_count
    from cells
    group by
        quarter_no,
        week_of_quarter,
        canonical_stage,
        due_band

),

weeks as (

    select
        quarter_no,
        week_of_quarter,
        sum(deal_count) as deal_count,
        sum(won_count) as won_count
    from cells
    group by
        quarter_no,
        week_of_quarter

),

-- the frames end before the quarter itself: a quarter learns nothing from its own outcome
cells_with_history as (

    select
        quarter_no,
        week_of_quarter,
        canonical_stage,
        stage_age_band,
        due_band,
        coalesce(sum(deal_count) over past_quarters, 0) as past_deal_count,
        coalesce(sum(won_count) over past_quarters, 0) as past_won_count
    from cells
    window
        past_quarters as (
            partition by week_of_quarter, canonical_stage, stage_age_band, due_band
            order by quarter_no
            {{ history }}
        )

),

stages_with_history as (

    select
        quarter_no,
        week_of_quarter,
        canonical_stage,
        due_band,
        coalesce(sum(deal_count) over past_quarters, 0) as past_deal_count,
        coalesce(sum(won_count) over past_quarters, 0) as past_won_count
    from cells_of_stages
    window
        past_quarters as (
            partition by week_of_quarter, canonical_stage, due_band
            order by quarter_no
            {{ history }}
        )

),

weeks_with_history as (

    select
        quarter_no,
        week_of_quarter,
        count(*) over past_quarters as past_quarter_count,
        sum(deal_count) over past_quarters as past_deal_count,
        sum(won_count) over past_quarters as past_won_count
    from weeks
    window
        past_quarters as (
            partition by week_of_quarter
            order by quarter_no
            {{ history }}
        )

),

-- a rate of few deals leans on the rate of its stage, and that one on the rate of the week
stage_rates as (

    select
        stage_history.quarter_no,
        stage_history.week_of_quarter,
        stage_history.canonical_stage,
        stage_history.due_band,
        week_history.past_quarter_count,
        {{ safe_divide('week_history.past_won_count', 'week_history.past_deal_count') }} as week_rate,
        {{ safe_divide(
            'stage_history.past_won_count + ' ~ prior_deals ~ ' * '
            ~ safe_divide('week_history.past_won_count', 'week_history.past_deal_count'),
            'stage_history.past_deal_count + ' ~ prior_deals
        ) }} as stage_rate
    from stages_with_history as stage_history
    inner join weeks_with_history as week_history
        on
            stage_history.quarter_no = week_history.quarter_no
            and stage_history.week_of_quarter = week_history.week_of_quarter

),

conversions as (

    select
        cells_with_history.*,
        stage_rates.past_quarter_count,
        stage_rates.week_rate,
        stage_rates.stage_rate,
        {{ safe_divide(
            'cells_with_history.past_won_count + ' ~ prior_deals ~ ' * stage_rates.stage_rate',
            'cells_with_history.past_deal_count + ' ~ prior_deals
        ) }} as win_rate
    from cells_with_history
    inner join stage_rates
        on
            cells_with_history.quarter_no = stage_rates.quarter_no
            and cells_with_history.week_of_quarter = stage_rates.week_of_quarter
            and cells_with_history.canonical_stage is not distinct from stage_rates.canonical_stage
            and cells_with_history.due_band = stage_rates.due_band

)

select * from conversions
