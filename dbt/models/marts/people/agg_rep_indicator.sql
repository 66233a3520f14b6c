{%- set indicators = {
    'weekly_activities': 'activity_count',
    'created_amount': 'created_opportunity_count',
    'opening_coverage': '0',
    'coverage': 'open_opportunity_count',
    'advance_rate': 'stage_move_count',
    'first_touch_hours_median': 'touched_opportunity_count',
    'hygiene_rate': 'open_opportunity_count',
    'win_rate': 'won_count + lost_count',
    'average_won_amount': 'won_with_amount_count',
    'cycle_days_median': 'won_count',
    'attainment_rate': 'won_count',
} -%}
with

fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}

),

numbered_scorecards as (

    select
        *,
        dense_rank() over (order by fiscal_quarter_start_date) as quarter_no
    from fct_rep_scorecard_quarterly

),

indicators as (

    {% for indicator, counted in indicators.items() -%}
        select
            {{ surrogate_key(['rep_quarter_key', "'" ~ indicator ~ "'"]) }} as rep_indicator_key,
            rep_quarter_key,
            user_key,
            fiscal_quarter,
            cast(quarter_no as integer) as quarter_no,
            role_family,
            is_quarter_complete and is_full_quarter as is_benchmark,
            '{{ indicator }}' as indicator,
            cast({{ indicator }} as decimal(18, 6)) as actual,
            cast({{ counted }} as integer) as actual_count
        from numbered_scorecards
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from indicators
