with

fct_funnel as (

    select * from {{ ref('fct_funnel') }}

),

canonical_stages as (

    select * from {{ ref('canonical_stages') }}

),

-- what comes next is judged on the deal's own pipeline: a list of all stages would see skips that are none
funnel_with_next as (

    select
        *,
        lead(reached_how) over (
            partition by opportunity_id, is_in_pipeline
            order by canonical_stage
        ) as next_reached_how
    from fct_funnel

),

opportunities as (

    select
        opportunity_id,
        crm,
        pipeline_id,
        is_open,
        is_primary_record,
        coalesce(max(case when is_reached then canonical_stage end), 0) as furthest_stage
    from fct_funnel
    group by
        opportunity_id,
        crm,
        pipeline_id,
        is_open,
        is_primary_record

),

opportunities_by_scope as (

    select * from opportunities
    union all
    select
        opportunity_id,
        'all' as crm,
        'all' as pipeline_id,
        is_open,
        is_primary_record,
        furthest_stage
    from opportunities
    -- a deal that both CRMs hold counts once
    where is_primary_record

),

stages_by_scope as (

    select distinct
        crm,
        pipeline_id,
        canonical_stage
    from fct_funnel
    where is_in_pipeline
    union all
    select
        'all' as crm,
        'all' as pipeline_id,
        canonical_stage
    from canonical_stages
    where canonical_stage between 1 and 7

),

stages_with_next as (

    select
        stages_by_scope.*,
        canonical_stages.canonical_stage_name,
        lead(stages_by_scope.canonical_stage) over (
            partition by stages_by_scope.crm, stages_by_scope.pipeline_id
            order by stages_by_scope.canonical_stage
        ) as next_stage
    from stages_by_scope
    inner join canonical_stages
        on stages_by_scope.canonical_stage = canonical_stages.canonical_stage

),

opportunities_at_stages as (

    select
        stages_with_next.*,
        not opportunities_by_scope.is_open as is_mature,
        opportunities_by_scope.furthest_stage >= stages_with_next.canonical_stage as has_reached,
        opportunities_by_scope.furthest_stage >= stages_with_next.next_stage as has_reached_next,
        opportunities_by_scope.furthest_stage = stages_with_next.canonical_stage
        and funnel_with_next.outcome_class not in ('open', 'won') as is_lost_here,
        coalesce(funnel_with_next.reached_how = 'observed', false) as is_observed,
        coalesce(funnel_with_next.is_in_pipeline, false) as is_in_pipeline,
        coalesce(funnel_with_next.next_reached_how = 'observed', false) as is_next_observed,
        coalesce(funnel_with_next.is_current and funnel_with_next.is_open, false) as is_open_here,
        funnel_with_next.days_in_stage,
        funnel_with_next.is_current,
        funnel_with_next.amount,
        funnel_with_next.is_stage_trusted
    from opportunities_by_scope
    inner join stages_with_next
        on
            opportunities_by_scope.crm = stages_with_next.crm
            and opportunities_by_scope.pipeline_id = stages_with_next.pipeline_id
    left join funnel_with_next
        on
            opportunities_by_scope.opportunity_id = funnel_with_next.opportunity_id
            and stages_with_next.canonical_stage = funnel_with_next.canonical_stage

),

counts as (

    select
        crm,
        pipeline_id,
        canonical_stage,
        canonical_stage_name,
        next_stage,
        count(case when has_reached then 1 end) as reached_count,
        count(case when is_observed then 1 end) as observed_count,
        count(case when is_open_here then 1 end) as open_count,
        cast(coalesce(sum(case when is_open_here then amount end), 0) as decimal(18, 2)) as open_amount,
        count(case when is_open_here and amount is null then 1 end) as open_without_amount_count,
        count(case when is_open_here and not is_stage_trusted then 1 end) as untrusted_open_count,
        cast(
            coalesce(sum(case when is_open_here and not is_stage_trusted then amount end), 0) as decimal(18, 2)
        ) as untrusted_open_amount,
        count(case when is_mature and has_reached then 1 end) as mature_reached_count,
        count(case when is_mature and has_reached_next then 1 end) as mature_reached_next_count,
        count(case when is_mature and is_observed and is_in_pipeline then 1 end) as mature_observed_count,
        count(case when is_mature and is_observed and is_in_pipeline and is_next_observed then 1 end)
            as mature_observed_next_count,
        count(case when is_lost_here then 1 end) as lost_here_count,
        count(case when is_observed and not is_current then days_in_stage end) as completed_stay_count,
        cast(
            {{ median('case when is_observed and not is_current then days_in_stage end') }} as decimal(18, 6)
        ) as median_days_in_stage
    from opportunities_at_stages
    group by
        crm,
        pipeline_id,
        canonical_stage,
        canonical_stage_name,
        next_stage

),

rates as (

    select
        {{ surrogate_key(['counts.crm', 'counts.pipeline_id', 'counts.canonical_stage']) }} as funnel_stage_key,
        counts.*,
        -- the last stage has no next one: unknown, not 0
        case
            when counts.next_stage is not null
                then {{ safe_divide('counts.mature_reached_next_count', 'counts.mature_reached_count') }}
        end as conversion_to_next,
        case
            when counts.next_stage is not null
                then {{ safe_divide('counts.mature_observed_next_count', 'counts.mature_observed_count') }}
        end as observed_conversion_to_next
    from counts

)

select * from rates
