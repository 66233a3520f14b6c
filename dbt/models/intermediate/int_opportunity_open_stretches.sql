{{ config(materialized='by_key', fingerprint=['int_opportunity_fingerprints', 'source_fingerprint']) }}

with

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}
    {{ touched_only('int_opportunity_fingerprints') }}

),

versions_with_previous as (

    select
        opportunity_id,
        version_no,
        valid_from,
        valid_to,
        is_closed,
        lag(is_closed) over (
            partition by opportunity_id
            order by version_no
        ) as was_closed
    from int_opportunity_versions

),

numbered_versions as (

    select
        *,
        sum(case when is_closed is distinct from was_closed then 1 else 0 end) over (
            partition by opportunity_id
            order by version_no
            rows between unbounded preceding and current row
        ) as stretch_no
    from versions_with_previous

),

open_stretches as (

    select
        opportunity_id,
        cast(stretch_no as integer) as stretch_no,
        min(valid_from) as opened_at,
        nullif(max(coalesce(valid_to, {{ end_of_time() }})), {{ end_of_time() }}) as ended_at
    from numbered_versions
    where not is_closed
    group by
        opportunity_id,
        stretch_no

)

select * from open_stretches
