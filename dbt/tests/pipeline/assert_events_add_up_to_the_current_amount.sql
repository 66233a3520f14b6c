-- The first amount of a deal and all changes of it are its present amount, in its own currency; an amount that was once
-- empty counts as nothing. Each deal is created once, and only deleted ones are deleted.

with

fct_opportunity_event as (

    select * from {{ ref('fct_opportunity_event') }}

),

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

events as (

    select
        opportunity_id,
        sum(
            case
                when field_name = 'amount'
                    then
                        coalesce(cast(new_value as decimal(18, 2)), 0)
                        - coalesce(cast(old_value as decimal(18, 2)), 0)
                else 0
            end
        ) as amount_change,
        sum(case when direction = 'created' then 1 else 0 end) as created_count,
        sum(case when direction = 'deleted' then 1 else 0 end) as deleted_count
    from fct_opportunity_event
    group by opportunity_id

),

last_versions as (

    select
        opportunity_id,
        max(version_no) as last_version_no
    from fct_opportunity_version
    group by opportunity_id

)

select events.opportunity_id
from events
full outer join last_versions
    on events.opportunity_id = last_versions.opportunity_id
left join fct_opportunity_version as first_states
    on
        last_versions.opportunity_id = first_states.opportunity_id
        and first_states.version_no = 1
left join fct_opportunity_version as last_states
    on
        last_versions.opportunity_id = last_states.opportunity_id
        and last_versions.last_version_no = last_states.version_no
where
    events.opportunity_id is null
    or last_versions.opportunity_id is null
    or events.created_count <> 1
    or events.deleted_count <> case when last_states.is_current then 0 else 1 end
    or coalesce(first_states.amount_original, 0) + events.amount_change <> coalesce(last_states.amount_original, 0)
