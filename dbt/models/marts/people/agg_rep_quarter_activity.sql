with

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

fct_activity as (

    select * from {{ ref('fct_activity') }}

),

activity_counts as (

    select
        fct_activity.owner_key,
        dim_date.fiscal_quarter,
        fct_activity.activity_type,
        count(*) as activity_count
    from fct_activity
    inner join dim_date
        on {{ reporting_day('fct_activity.occurred_at') }} = dim_date.date_day
    where
        fct_activity.is_completed
        and fct_activity.occurred_at <= {{ as_of() }}
    group by
        fct_activity.owner_key,
        dim_date.fiscal_quarter,
        fct_activity.activity_type

),

counts_with_total as (

    select * from activity_counts
    union all
    select
        owner_key,
        fiscal_quarter,
        'all' as activity_type,
        sum(activity_count) as activity_count
    from activity_counts
    group by
        owner_key,
        fiscal_quarter

),

activity_types as (

    {% for kind in ['all', 'call', 'meeting', 'email_in', 'email_out', 'task'] -%}
        select '{{ kind }}' as activity_type
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

rep_activities as (

    select
        {{ surrogate_key(['dim_rep_quarter.rep_quarter_key', 'activity_types.activity_type']) }}
            as rep_quarter_activity_key,
        dim_rep_quarter.rep_quarter_key,
        dim_rep_quarter.user_key,
        dim_rep_quarter.fiscal_quarter,
        activity_types.activity_type,
        cast(coalesce(counts_with_total.activity_count, 0) as integer) as activity_count,
        cast(dim_rep_quarter.present_days / 7.0 as decimal(18, 6)) as present_weeks,
        {{ safe_divide('coalesce(counts_with_total.activity_count, 0) * 7', 'dim_rep_quarter.present_days') }}
            as weekly_activities
    from dim_rep_quarter
    cross join activity_types
    left join counts_with_total
        on
            dim_rep_quarter.user_key = counts_with_total.owner_key
            and dim_rep_quarter.fiscal_quarter = counts_with_total.fiscal_quarter
            and activity_types.activity_type = counts_with_total.activity_type

)

select * from rep_activities
