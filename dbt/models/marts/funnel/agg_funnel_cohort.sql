with

fct_funnel as (

    select * from {{ ref('fct_funnel') }}
    where
        is_in_pipeline
        and is_primary_record

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    where is_first

),

dim_user as (

    select * from {{ ref('dim_user') }}

),

canonical_stages as (

    select * from {{ ref('canonical_stages') }}

),

teams_at_creation as (

    select
        fct_opportunity_version.opportunity_id,
        coalesce(dim_user.manager_key, 'none') as team_key
    from fct_opportunity_version
    left join dim_user
        on
            fct_opportunity_version.owner_key = dim_user.user_key
            and fct_opportunity_version.valid_from >= dim_user.valid_from
            and fct_opportunity_version.valid_from < coalesce(dim_user.valid_to, {{ end_of_time() }})

),

furthest_stages as (

    select
        opportunity_id,
        max(case when is_reached then canonical_stage end) as furthest_stage
    from fct_funnel
    group by opportunity_id

),

funnel_with_next as (

    select
        fct_funnel.*,
        coalesce(fct_funnel.created_fiscal_quarter, 'unknown') as cohort_quarter,
        coalesce(teams_at_creation.team_key, 'none') as team_key,
        furthest_stages.furthest_stage,
        lead(fct_funnel.canonical_stage) over stages_of_opportunity as next_stage,
        lead(fct_funnel.is_reached) over stages_of_opportunity as is_next_reached,
        lead(fct_funnel.reached_how) over stages_of_opportunity as next_reached_how
    from fct_funnel
    left join teams_at_creation
        on fct_funnel.opportunity_id = teams_at_creation.opportunity_id
    left join furthest_stages
        on fct_funnel.opportunity_id = furthest_stages.opportunity_id
    window
        stages_of_opportunity as (
            partition by fct_funnel.opportunity_id
            order by fct_funnel.canonical_stage
        )

),

counts as (

    select
        cohort_quarter as created_fiscal_quarter,
        crm,
        pipeline_id,
        team_key,
        canonical_stage,
        max(created_fiscal_quarter_start_date) as created_fiscal_quarter_start_date,
        max(next_stage) as next_stage,
        count(*) as cohort_count,
        count(case when not is_open then 1 end) as mature_count,
        count(case when is_reached then 1 end) as reached_count,
        count(case when reached_how = 'observed' then 1 end) as observed_count,
        count(case when is_open and is_current then 1 end) as open_here_count,
        count(case when not is_open and outcome_class <> 'won' and furthest_stage = canonical_stage then 1 end)
            as lost_here_count,
        count(case when not is_open and is_reached then 1 end) as mature_reached_count,
        count(case when not is_open and is_next_reached then 1 end) as mature_reached_next_count,
        count(case when not is_open and reached_how = 'observed' then 1 end) as mature_observed_count,
        count(case when not is_open and reached_how = 'observed' and next_reached_how = 'observed' then 1 end)
            as mature_observed_next_count,
        count(days_to_next) as moved_on_count,
        cast({{ median('days_to_next') }} as decimal(18, 6)) as median_days_to_next
    from funnel_with_next
    group by
        cohort_quarter,
        crm,
        pipeline_id,
        team_key,
        canonical_stage

),

cohorts as (

    select
        {{ surrogate_key([
            'counts.created_fiscal_quarter', 'counts.crm', 'counts.pipeline_id', 'counts.team_key', 'counts.canonical_stage',
        ]) }} as funnel_cohort_key,
        counts.*,
        canonical_stages.canonical_stage_name,
        {{ safe_divide('counts.reached_count', 'counts.cohort_count') }} as reached_share,
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
    inner join canonical_stages
        on counts.canonical_stage = canonical_stages.canonical_stage

)

select * from cohorts
