-- A projection is what was booked, the expectations and the factor it shows; its interval holds it, and it is
-- never asked of a quarter that has too little past. The owners' expectations of open deals are those of all, but
-- for rounding to the cent.

with

fct_forecast_projection as (

    select * from {{ ref('fct_forecast_projection') }}

),

broken as (

    select
        scope_type,
        scope_key,
        fiscal_quarter,
        week_of_quarter
    from fct_forecast_projection
    where
        abs(
            projected_amount - booked_to_date_amount
            - calibration_factor * cast(expected_open_amount + expected_unseen_amount as double)
        ) > 0.02
        or projected_low_amount > projected_amount
        or projected_high_amount < projected_amount
        or (projected_amount is null) <> (history_quarter_count < {{ var('projection_minimum_quarters') }})

),

parts_beside_all as (

    select
        fiscal_quarter,
        week_of_quarter,
        sum(case when scope_type = 'all' then expected_open_amount end) as of_all,
        sum(case when scope_type = 'owner' then expected_open_amount end) as of_owners,
        sum(case when scope_type = 'team' then expected_open_amount end) as of_teams,
        count(*) as row_count
    from fct_forecast_projection
    group by
        fiscal_quarter,
        week_of_quarter

),

offenders as (

    select * from broken
    union all
    select
        'all' as scope_type,
        'all' as scope_key,
        fiscal_quarter,
        week_of_quarter
    from parts_beside_all
    where
        abs(of_all - of_owners) > 0.01 * row_count
        or abs(of_all - of_teams) > 0.01 * row_count

)

select * from offenders
