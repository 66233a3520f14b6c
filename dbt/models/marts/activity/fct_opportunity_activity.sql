with

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

fct_activity as (

    select * from {{ ref('fct_activity') }}

),

bridge_activity_opportunity as (

    select * from {{ ref('bridge_activity_opportunity') }}

),

int_opportunity_open_stretches as (

    select * from {{ ref('int_opportunity_open_stretches') }}

),

activities_of_opportunities as (

    select
        bridge_activity_opportunity.opportunity_id,
        fct_activity.activity_type,
        fct_activity.occurred_at,
        fct_activity.minutes,
        fct_activity.contact_id,
        fct_activity.is_completed and fct_activity.occurred_at <= {{ as_of() }} as is_touch,
        not fct_activity.is_completed
        and {{ reporting_day('fct_activity.occurred_at') }} >= {{ reporting_day(as_of()) }} as is_planned,
        fct_activity.occurred_at >= dim_opportunity.created_at as is_after_creation
    from bridge_activity_opportunity
    inner join fct_activity
        on bridge_activity_opportunity.activity_id = fct_activity.activity_id
    inner join dim_opportunity
        on bridge_activity_opportunity.opportunity_id = dim_opportunity.opportunity_id

),

totals as (

    select
        opportunity_id,
        min(case when is_touch and is_after_creation then occurred_at end) as first_touch_at,
        max(case when is_touch then occurred_at end) as last_activity_at,
        {% for kind in ['call', 'meeting', 'email_in', 'email_out', 'task'] -%}
            sum(case when is_touch and activity_type = '{{ kind }}' then 1 else 0 end) as {{ kind }}_count,
        {% endfor -%}
        sum(case when is_touch then 1 else 0 end) as activity_count,
        sum(case when is_touch then minutes end) as activity_minutes,
        count(distinct case when is_touch then contact_id end) as contacts_engaged,
        sum(case when is_planned then 1 else 0 end) as planned_activity_count,
        min(case when is_planned then {{ reporting_day('occurred_at') }} end) as next_step_date
    from activities_of_opportunities
    group by opportunity_id

),

marks as (

    select
        stretches.opportunity_id,
        stretches.stretch_no,
        activities_of_opportunities.occurred_at as marked_at,
        true as is_touch
    from int_opportunity_open_stretches as stretches
    inner join activities_of_opportunities
        on
            stretches.opportunity_id = activities_of_opportunities.opportunity_id
            and stretches.opened_at <= activities_of_opportunities.occurred_at
            and coalesce(stretches.ended_at, {{ end_of_time() }}) > activities_of_opportunities.occurred_at
    where activities_of_opportunities.is_touch
    union all
    select
        opportunity_id,
        stretch_no,
        opened_at as marked_at,
        false as is_touch
    from int_opportunity_open_stretches
    union all
    select
        opportunity_id,
        stretch_no,
        coalesce(ended_at, {{ as_of() }}) as marked_at,
        false as is_touch
    from int_opportunity_open_stretches

),

marks_with_previous as (

    select
        *,
        lag(marked_at) over (
            partition by opportunity_id, stretch_no
            order by marked_at
        ) as previous_marked_at,
        lag(case when is_touch then marked_at end) over (
            partition by opportunity_id, stretch_no, is_touch
            order by marked_at
        ) as previous_touched_at
    from marks

),

gaps as (

    select
        opportunity_id,
        max(case when is_touch then {{ decimal_days('previous_touched_at', 'marked_at') }} end) as max_gap_days,
        max({{ decimal_days('previous_marked_at', 'marked_at') }}) as max_silence_days
    from marks_with_previous
    group by opportunity_id

),

opportunity_activities as (

    select
        dim_opportunity.opportunity_key,
        dim_opportunity.opportunity_id,
        dim_opportunity.crm,
        dim_opportunity.owner_key,
        dim_opportunity.created_date,
        dim_opportunity.is_open,
        totals.first_touch_at,
        cast(
            {{ decimal_minutes('dim_opportunity.created_at', 'totals.first_touch_at') }} / 60 as decimal(18, 6)
        ) as first_touch_hours,
        {% for kind in ['activity', 'call', 'meeting', 'email_in', 'email_out', 'task', 'planned_activity'] -%}
            cast(coalesce(totals.{{ kind }}_count, 0) as integer) as {{ kind }}_count,
        {% endfor -%}
        cast(totals.activity_minutes as decimal(18, 2)) as activity_minutes,
        totals.last_activity_at,
        {{ decimal_days('totals.last_activity_at', as_of()) }} as days_since_last,
        gaps.max_gap_days,
        gaps.max_silence_days,
        -- HubSpot's activities come without their contacts
        case
            when dim_opportunity.crm = 'salesforce' then cast(coalesce(totals.contacts_engaged, 0) as integer)
        end as contacts_engaged,
        totals.next_step_date,
        dim_opportunity.next_step,
        dim_opportunity.is_primary_record,
        dim_opportunity.is_deleted,
        dim_opportunity.is_stage_trusted,
        dim_opportunity.untrusted_finding_keys
    from dim_opportunity
    left join totals
        on dim_opportunity.opportunity_id = totals.opportunity_id
    left join gaps
        on dim_opportunity.opportunity_id = gaps.opportunity_id

)

select * from opportunity_activities
