with

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

fct_opportunity_stage_history as (

    select * from {{ ref('fct_opportunity_stage_history') }}

),

fct_opportunity_activity as (

    select * from {{ ref('fct_opportunity_activity') }}

),

first_versions as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_first

),

-- between two canonical stages, or out of the funnel; a change of stages with one meaning is no move
moves as (

    select
        visits.owner_key,
        dim_date.fiscal_quarter,
        count(*) as stage_move_count,
        sum(case when visits.move_type in ('forward', 'skip') and visits.canonical_stage <> 8 then 1 else 0 end)
            as advance_count,
        sum(case when visits.move_type = 'skip' then 1 else 0 end) as skip_count
    from fct_opportunity_stage_history as visits
    inner join dim_opportunity
        on visits.opportunity_id = dim_opportunity.opportunity_id
    inner join dim_date
        on {{ reporting_day('visits.entered_at') }} = dim_date.date_day
    where
        visits.from_canonical_stage between 1 and 6
        and {{ counts_at('visits.entered_at') }}
        and visits.canonical_stage <> visits.from_canonical_stage
    group by
        visits.owner_key,
        dim_date.fiscal_quarter

),

touches as (

    select
        first_versions.owner_key,
        dim_date.fiscal_quarter,
        count(fct_opportunity_activity.first_touch_hours) as touched_opportunity_count,
        {{ median('fct_opportunity_activity.first_touch_hours') }} as first_touch_hours_median
    from dim_opportunity
    inner join dim_date
        on {{ reporting_day('dim_opportunity.created_at') }} = dim_date.date_day
    inner join first_versions
        on dim_opportunity.opportunity_id = first_versions.opportunity_id
    inner join fct_opportunity_activity
        on dim_opportunity.opportunity_id = fct_opportunity_activity.opportunity_id
    where {{ counts_at('dim_opportunity.created_at') }}
    group by
        first_versions.owner_key,
        dim_date.fiscal_quarter

),

conduct as (

    select
        dim_rep_quarter.rep_quarter_key,
        dim_rep_quarter.user_key,
        dim_rep_quarter.fiscal_quarter,
        cast(coalesce(moves.stage_move_count, 0) as integer) as stage_move_count,
        cast(coalesce(moves.advance_count, 0) as integer) as advance_count,
        cast(coalesce(moves.skip_count, 0) as integer) as skip_count,
        cast(coalesce(touches.touched_opportunity_count, 0) as integer) as touched_opportunity_count,
        cast(touches.first_touch_hours_median as decimal(18, 6)) as first_touch_hours_median
    from dim_rep_quarter
    left join moves
        on
            dim_rep_quarter.user_key = moves.owner_key
            and dim_rep_quarter.fiscal_quarter = moves.fiscal_quarter
    left join touches
        on
            dim_rep_quarter.user_key = touches.owner_key
            and dim_rep_quarter.fiscal_quarter = touches.fiscal_quarter

)

select * from conduct
