{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'stay_fingerprint']) }}

with

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}
    {{ touched_only() }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

-- lost is an end and no step on the road, a lead is not on it yet, and an unmapped stage has no place on it
visits_on_the_road as (

    select
        *,
        row_number() over (
            partition by opportunity_id, canonical_stage
            order by visit_no
        ) = 1 as is_first_of_stage
    from int_stage_visits
    where canonical_stage in (1, 2, 3, 4, 5, 6, 7, 9)

),

-- a canonical stage holds several source stages, and can be visited again: all of it is one stay
stays as (

    select
        opportunity_id,
        canonical_stage,
        min(visit_no) as first_visit_no,
        min(entered_at) as entered_at,
        max(case when is_first_of_stage then owner_id end) as owner_id,
        -- won is where the road ends: how long ago is no time in a stage
        case
            when canonical_stage <> 7
                then sum({{ decimal_days('entered_at', 'coalesce(exited_at, ' ~ as_of() ~ ')') }})
        end as days_in_stage,
        count(*) > count(exited_at) as is_current
    from visits_on_the_road
    group by
        opportunity_id,
        canonical_stage

),

next_entries as (

    select
        stays.opportunity_id,
        stays.canonical_stage,
        min(visits_on_the_road.entered_at) as next_entered_at
    from stays
    inner join visits_on_the_road
        on
            stays.opportunity_id = visits_on_the_road.opportunity_id
            and stays.first_visit_no < visits_on_the_road.visit_no
            and stays.canonical_stage < visits_on_the_road.canonical_stage
    group by
        stays.opportunity_id,
        stays.canonical_stage

),

stays_with_next as (

    select
        stays.opportunity_id,
        stays.canonical_stage,
        stays.entered_at,
        stays.owner_id,
        int_users_conformed.user_key as owner_key,
        cast(stays.days_in_stage as decimal(18, 6)) as days_in_stage,
        stays.is_current,
        next_entries.next_entered_at,
        max(stays.canonical_stage) over (partition by stays.opportunity_id) as furthest_stage
    from stays
    left join next_entries
        on
            stays.opportunity_id = next_entries.opportunity_id
            and stays.canonical_stage = next_entries.canonical_stage
    left join int_users_conformed
        on stays.owner_id = int_users_conformed.user_id

)

select * from stays_with_next
