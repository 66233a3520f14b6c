-- Each version begins where the one before ends, none runs backwards, and the numbers have no hole.

with

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

versions_with_previous as (

    select
        *,
        lag(valid_to) over (
            partition by opportunity_id
            order by version_no
        ) as previous_valid_to,
        row_number() over (
            partition by opportunity_id
            order by version_no
        ) as expected_version_no
    from fct_opportunity_version

)

select
    opportunity_id,
    version_no
from versions_with_previous
where
    version_no <> expected_version_no
    or valid_to < valid_from
    or (version_no > 1 and previous_valid_to is distinct from valid_from)
    or (is_current and valid_to is not null)
    or valid_from > {{ as_of() }}
