with

versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

versions_with_phase as (

    select
        opportunity_id,
        version_no,
        valid_from,
        valid_to,
        case
            when is_won then 'won'
            when is_closed then 'lost'
            else 'open'
        end as phase
    from versions

),

versions_with_previous_phase as (

    select
        *,
        lag(phase) over (
            partition by opportunity_id
            order by version_no
        ) as previous_phase
    from versions_with_phase

),

versions_with_phase_no as (

    select
        *,
        sum(case when phase is distinct from previous_phase then 1 else 0 end) over (
            partition by opportunity_id
            order by version_no
            rows between unbounded preceding and current row
        ) as phase_no
    from versions_with_previous_phase

),

phases as (

    select
        opportunity_id,
        cast(phase_no as integer) as phase_no,
        phase,
        min(version_no) as first_version_no,
        max(version_no) as last_version_no,
        min(valid_from) as started_at,
        -- only the last version of an opportunity has no end
        case when count(*) = count(valid_to) then max(valid_to) end as ended_at
    from versions_with_phase_no
    group by
        opportunity_id,
        phase_no,
        phase

)

select * from phases
