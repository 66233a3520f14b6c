with

dim_user as (

    select
        *,
        min(valid_from) over (partition by user_key) as first_valid_from
    from {{ ref('dim_user') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}

),

fct_activity as (

    select * from {{ ref('fct_activity') }}

),

quotas as (

    select * from {{ ref('quotas') }}

),

owners as (

    select
        owner_key as user_key,
        min(valid_from) as first_owned_at,
        max(
            case when valid_to is null and not is_closed then {{ as_of() }} else valid_from end
        ) as last_owned_at
    from int_opportunity_outcomes
    where owner_key is not null
    group by owner_key

),

last_activities as (

    select
        owner_key as user_key,
        max(occurred_at) as last_activity_at
    from fct_activity
    where
        owner_key is not null
        and is_completed
        and occurred_at <= {{ as_of() }}
    group by owner_key

),

quota_holders as (

    select distinct lower(trim(user_email)) as email
    from quotas

),

reps as (

    select
        dim_user.user_key,
        dim_user.is_active,
        {{ reporting_day(
            'least(dim_user.first_valid_from, coalesce(owners.first_owned_at, dim_user.first_valid_from))'
        ) }} as start_date,
        {{ reporting_day(
            'greatest(dim_user.first_valid_from, coalesce(owners.last_owned_at, dim_user.first_valid_from), '
            ~ 'coalesce(last_activities.last_activity_at, dim_user.first_valid_from))'
        ) }} as last_seen_date
    from dim_user
    left join owners
        on dim_user.user_key = owners.user_key
    left join last_activities
        on dim_user.user_key = last_activities.user_key
    left join quota_holders
        on dim_user.email = quota_holders.email
    where
        dim_user.is_current
        and (dim_user.is_quota_carrying or owners.user_key is not null or quota_holders.email is not null)

),

first_days as (

    select {{ reporting_day('min(valid_from)') }} as first_day
    from int_opportunity_outcomes

),

quarters as (

    select distinct
        dim_date.fiscal_quarter,
        dim_date.fiscal_quarter_start_date,
        dim_date.fiscal_quarter_end_date,
        {{ reporting_midnight('dim_date.fiscal_quarter_start_date') }} as quarter_starts_at,
        {{ reporting_midnight(dbt.dateadd('day', 1, 'dim_date.fiscal_quarter_end_date')) }} as quarter_ends_at
    from dim_date
    cross join first_days
    where
        dim_date.fiscal_quarter_end_date >= first_days.first_day
        and dim_date.fiscal_quarter_start_date <= {{ reporting_day(as_of()) }}

),

rep_quarters as (

    select
        {{ surrogate_key(['reps.user_key', 'quarters.fiscal_quarter']) }} as rep_quarter_key,
        reps.user_key,
        quarters.*,
        quarters.quarter_ends_at <= {{ as_of() }} as is_quarter_complete,
        reps.start_date,
        reps.last_seen_date,
        reps.start_date <= quarters.fiscal_quarter_start_date
        and (reps.is_active or reps.last_seen_date >= quarters.fiscal_quarter_end_date) as is_full_quarter,
        -- calendar days there, the running quarter's up to the day of as_of
        {{ whole_days(
            'greatest(quarters.fiscal_quarter_start_date, reps.start_date)',
            'least(quarters.fiscal_quarter_end_date, ' ~ reporting_day(as_of())
            ~ ', case when reps.is_active then quarters.fiscal_quarter_end_date else reps.last_seen_date end)'
        ) }} + 1 as present_days
    from reps
    inner join quarters
        on
            reps.start_date <= quarters.fiscal_quarter_end_date
            and (reps.is_active or reps.last_seen_date >= quarters.fiscal_quarter_start_date)
    -- who starts in the running quarter after as_of is not there yet
    where reps.start_date <= {{ reporting_day(as_of()) }}

),

rep_quarters_with_role as (

    select
        rep_quarters.*,
        dim_user.role_name,
        coalesce(dim_user.role_family, 'unknown') as role_family,
        dim_user.is_quota_carrying,
        dim_user.ramp_months,
        dim_user.manager_key
    from rep_quarters
    -- the role at the end of the quarter, or at as_of; half-open, so the end itself belongs to the next quarter
    left join dim_user
        on
            rep_quarters.user_key = dim_user.user_key
            and rep_quarters.quarter_ends_at > dim_user.valid_from
            and rep_quarters.quarter_ends_at <= coalesce(dim_user.valid_to, {{ end_of_time() }})

)

select * from rep_quarters_with_role
