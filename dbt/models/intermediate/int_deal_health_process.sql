with

open_opportunities as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and is_primary_record

),

fct_opportunity_stage_history as (

    select * from {{ ref('fct_opportunity_stage_history') }}

),

won_opportunities as (

    select opportunity_id
    from {{ ref('dim_opportunity') }}
    where
        is_won
        and not is_deleted

),

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

int_activity_opportunities as (

    select * from {{ ref('int_activity_opportunities') }}

),

int_activities_conformed as (

    select * from {{ ref('int_activities_conformed') }}
    where
        not is_deleted
        and occurred_at <= {{ as_of() }}

),

won_visits_by_stage as (

    select
        fct_opportunity_stage_history.stage_key,
        case
            when count(*) >= {{ var('stalled_minimum_won_visits') }}
                then {{ percentile('fct_opportunity_stage_history.days_in_stage', var('stalled_percentile')) }}
        end as usual_days
    from fct_opportunity_stage_history
    inner join won_opportunities
        on fct_opportunity_stage_history.opportunity_id = won_opportunities.opportunity_id
    where not fct_opportunity_stage_history.is_open_visit
    group by fct_opportunity_stage_history.stage_key

),

visits_by_opportunity as (

    select
        opportunity_id,
        max(case when is_open_visit then days_in_stage end) as days_in_stage,
        max(case when is_open_visit then sla_days end) as sla_days,
        max(case when canonical_stage = 3 then 1 else 0 end) as needs_assessment_count,
        max(
            case when ',' || skipped_canonical_stages || ',' like '%,3,%' then 1 else 0 end
        ) as needs_assessment_skip_count,
        sum(
            case
                when
                    move_type = 'backward'
                    and {{ decimal_days('entered_at', as_of()) }} <= {{ var('backward_move_days') }}
                    then 1
                else 0
            end
        ) as backward_move_count
    from fct_opportunity_stage_history
    group by opportunity_id

),

highest_amounts as (

    select
        int_opportunity_versions.opportunity_id,
        max(int_opportunity_versions.amount_original) as highest_amount_original
    from int_opportunity_versions
    inner join open_opportunities
        on
            int_opportunity_versions.opportunity_id = open_opportunities.opportunity_id
            -- an amount in another currency is no larger and no smaller
            and int_opportunity_versions.currency_code = open_opportunities.currency_code
    group by int_opportunity_versions.opportunity_id

),

activities_by_opportunity as (

    select
        int_activity_opportunities.opportunity_id,
        sum(
            case
                when {{ mentions_any('int_activities_conformed.subject', var('business_case_phrases')) }} then 1
                else 0
            end
        ) as business_case_count,
        sum(
            case
                when {{ mentions_any('int_activities_conformed.subject', var('differentiation_phrases')) }} then 1
                else 0
            end
        ) as differentiation_count
    from int_activities_conformed
    inner join int_activity_opportunities
        on int_activities_conformed.activity_id = int_activity_opportunities.activity_id
    group by int_activity_opportunities.opportunity_id

),

-- where no subject ever speaks of a business case, their absence from a deal says nothing
business_case_usage as (

    select coalesce(sum(business_case_count), 0) > 0 as tells_business_cases
    from activities_by_opportunity

),

process as (

    select
        open_opportunities.opportunity_id,
        visits_by_opportunity.days_in_stage,
        cast(
            coalesce(
                visits_by_opportunity.sla_days, won_visits_by_stage.usual_days, {{ var('stalled_days') }}
            ) as decimal(18, 6)
        ) as stalled_after_days,
        case
            when open_opportunities.canonical_stage >= {{ var('business_case_from_stage') }}
                then
                    case
                        when visits_by_opportunity.needs_assessment_count = 1 then 0
                        else visits_by_opportunity.needs_assessment_skip_count
                    end
        end as no_needs_assessment,
        case
            when
                business_case_usage.tells_business_cases
                and open_opportunities.canonical_stage >= {{ var('business_case_from_stage') }}
                then coalesce(activities_by_opportunity.business_case_count, 0)
        end as no_business_case,
        visits_by_opportunity.backward_move_count as backward_move,
        coalesce(activities_by_opportunity.differentiation_count, 0) as differentiation_count,
        {{ safe_divide(
            'highest_amounts.highest_amount_original - open_opportunities.amount_original',
            'highest_amounts.highest_amount_original'
        ) }} as amount_cut
    from open_opportunities
    cross join business_case_usage
    left join visits_by_opportunity
        on open_opportunities.opportunity_id = visits_by_opportunity.opportunity_id
    left join won_visits_by_stage
        on open_opportunities.stage_key = won_visits_by_stage.stage_key
    left join highest_amounts
        on open_opportunities.opportunity_id = highest_amounts.opportunity_id
    left join activities_by_opportunity
        on open_opportunities.opportunity_id = activities_by_opportunity.opportunity_id

)

select * from process
