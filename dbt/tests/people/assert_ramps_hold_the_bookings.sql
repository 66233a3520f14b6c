-- What people booked in the known months of their tenure is, person by person, what they won since the first of them.

with

fct_rep_ramp as (

    select * from {{ ref('fct_rep_ramp') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_won
        and is_primary_record
        and not is_deleted

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

ramps as (

    select
        user_key,
        min(month_start_date) as first_day,
        sum(won_count) as won_count,
        sum(won_amount) as won_amount
    from fct_rep_ramp
    group by user_key

),

bookings as (

    select
        ramps.user_key,
        count(*) as won_count,
        sum(coalesce(dim_opportunity.amount, 0)) as won_amount
    from ramps
    inner join fct_opportunity_version
        on ramps.user_key = fct_opportunity_version.owner_key
    inner join dim_opportunity
        on
            fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id
            and fct_opportunity_version.valid_from = dim_opportunity.closed_at
    where {{ reporting_day('dim_opportunity.closed_at') }} >= ramps.first_day
    group by ramps.user_key

)

select
    ramps.user_key,
    ramps.won_count,
    ramps.won_amount,
    bookings.won_count as booked_count,
    bookings.won_amount as booked_amount
from ramps
left join bookings
    on ramps.user_key = bookings.user_key
where
    ramps.won_count <> coalesce(bookings.won_count, 0)
    or ramps.won_amount <> coalesce(bookings.won_amount, 0)
