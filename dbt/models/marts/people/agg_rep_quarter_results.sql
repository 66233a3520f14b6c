with

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

int_opportunity_outcomes as (

    select * from {{ ref('int_opportunity_outcomes') }}

),

-- a deal that both CRMs hold counts once
dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    where is_primary_record

),

states as (

    select
        int_opportunity_outcomes.opportunity_id,
        int_opportunity_outcomes.version_no,
        int_opportunity_outcomes.valid_from,
        coalesce(int_opportunity_outcomes.valid_to, {{ end_of_time() }}) as valid_to,
        int_opportunity_outcomes.is_closed,
        int_opportunity_outcomes.outcome_class,
        int_opportunity_outcomes.outcome_since,
        int_opportunity_outcomes.amount,
        int_opportunity_outcomes.close_date,
        int_opportunity_outcomes.owner_key,
        dim_opportunity.created_at,
        coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }}) as primary_since
    from int_opportunity_outcomes
    inner join dim_opportunity
        on int_opportunity_outcomes.opportunity_id = dim_opportunity.opportunity_id

),

quarters as (

    select distinct
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        quarter_starts_at,
        quarter_ends_at
    from dim_rep_quarter

),

-- half-open: the state just before the quarter ends, the present one in the running quarter
closed_states as (

    select
        states.*,
        quarters.fiscal_quarter
    from states
    inner join dim_date
        on {{ reporting_day('states.outcome_since') }} = dim_date.date_day
    inner join quarters
        on dim_date.fiscal_quarter = quarters.fiscal_quarter
    where
        states.is_closed
        and states.valid_from < quarters.quarter_ends_at
        and states.valid_to >= quarters.quarter_ends_at
        and states.primary_since < quarters.quarter_ends_at

),

open_states as (

    select
        states.*,
        quarters.fiscal_quarter,
        states.close_date between quarters.fiscal_quarter_start_date and quarters.fiscal_quarter_end_date
            as is_closing_in_quarter,
        case
            when quarters.quarter_ends_at <= {{ as_of() }} then quarters.fiscal_quarter_end_date
            else {{ reporting_day(as_of()) }}
        end as measured_date
    from states
    inner join quarters
        on
            states.valid_from < quarters.quarter_ends_at
            and states.valid_to >= quarters.quarter_ends_at
            and states.primary_since < quarters.quarter_ends_at
    where not states.is_closed

),

opening_states as (

    select
        states.owner_key,
        states.amount,
        quarters.fiscal_quarter
    from states
    inner join quarters
        on
            states.valid_from <= quarters.quarter_starts_at
            and states.valid_to > quarters.quarter_starts_at
            and states.primary_since <= quarters.quarter_starts_at
    where
        not states.is_closed
        and states.close_date between quarters.fiscal_quarter_start_date and quarters.fiscal_quarter_end_date

),

created_opportunities as (

    select
        first_states.owner_key,
        last_states.fiscal_quarter,
        last_states.amount
    from (
        select
            opportunity_id,
            fiscal_quarter,
            created_at,
            amount
        from closed_states
        union all
        select
            opportunity_id,
            fiscal_quarter,
            created_at,
            amount
        from open_states
    ) as last_states
    inner join dim_date
        on
            {{ reporting_day('last_states.created_at') }} = dim_date.date_day
            and last_states.fiscal_quarter = dim_date.fiscal_quarter
    inner join states as first_states
        on
            last_states.opportunity_id = first_states.opportunity_id
            and first_states.version_no = 1

),

created as (

    select
        owner_key,
        fiscal_quarter,
        count(*) as created_count,
        sum(amount) as created_amount
    from created_opportunities
    group by
        owner_key,
        fiscal_quarter

),

closed as (

    select
        owner_key,
        fiscal_quarter,
        {% for outcome in ['won', 'lost_competitor', 'no_decision', 'lost_other', 'lost_unknown'] -%}
            sum(case when outcome_class = '{{ outcome }}' then 1 else 0 end) as {{ outcome }}_count,
        {% endfor -%}
        sum(case when outcome_class = 'won' and amount is not null then 1 else 0 end) as won_with_amount_count,
        sum(case when outcome_class = 'won' then amount end) as won_amount,
        sum(case when outcome_class <> 'won' then amount end) as lost_amount,
        sum(case when outcome_class = 'won' then {{ decimal_days('created_at', 'outcome_since') }} end)
            as won_cycle_days_sum,
        {{ median("case when outcome_class = 'won' then " ~ decimal_days('created_at', 'outcome_since') ~ " end") }}
            as won_cycle_days_median
    from closed_states
    group by
        owner_key,
        fiscal_quarter

),

open_at_end as (

    select
        owner_key,
        fiscal_quarter,
        count(*) as open_count,
        sum(amount) as open_amount,
        sum(case when is_closing_in_quarter then amount end) as closing_open_amount,
        sum(case when close_date >= measured_date and amount is not null then 1 else 0 end) as well_kept_count
    from open_states
    group by
        owner_key,
        fiscal_quarter

),

open_at_start as (

    select
        owner_key,
        fiscal_quarter,
        sum(amount) as opening_amount
    from opening_states
    group by
        owner_key,
        fiscal_quarter

),

results as (

    select
        dim_rep_quarter.rep_quarter_key,
        dim_rep_quarter.user_key,
        dim_rep_quarter.fiscal_quarter,
        cast(coalesce(created.created_count, 0) as integer) as created_opportunity_count,
        cast(coalesce(created.created_amount, 0) as decimal(18, 2)) as created_amount,
        {% for outcome in ['won', 'lost_competitor', 'no_decision', 'lost_other', 'lost_unknown'] -%}
            cast(coalesce(closed.{{ outcome }}_count, 0) as integer) as {{ outcome }}_count,
        {% endfor -%}
        cast(coalesce(closed.won_with_amount_count, 0) as integer) as won_with_amount_count,
        cast(coalesce(closed.won_amount, 0) as decimal(18, 2)) as won_amount,
        cast(coalesce(closed.lost_amount, 0) as decimal(18, 2)) as lost_amount,
        cast(closed.won_cycle_days_sum as decimal(18, 6)) as won_cycle_days_sum,
        cast(closed.won_cycle_days_median as decimal(18, 6)) as won_cycle_days_median,
        cast(coalesce(open_at_start.opening_amount, 0) as decimal(18, 2)) as opening_pipeline_amount,
        cast(coalesce(open_at_end.open_count, 0) as integer) as open_opportunity_count,
        cast(coalesce(open_at_end.open_amount, 0) as decimal(18, 2)) as open_amount,
        cast(coalesce(open_at_end.closing_open_amount, 0) as decimal(18, 2)) as closing_open_amount,
        cast(coalesce(open_at_end.well_kept_count, 0) as integer) as well_kept_opportunity_count
    from dim_rep_quarter
    {% for part in ['created', 'closed', 'open_at_start', 'open_at_end'] -%}
        left join {{ part }}
            on
                dim_rep_quarter.user_key = {{ part }}.owner_key
                and dim_rep_quarter.fiscal_quarter = {{ part }}.fiscal_quarter
    {% endfor %}
)

select * from results
