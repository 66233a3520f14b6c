with

quality_checks as (

    select * from {{ ref('quality_checks') }}

),

check_runs as (

    select
        *,
        row_number() over (
            partition by check_id
            order by as_of desc
        ) as recency
    from {{ ref('stg_quality__check_runs') }}
    where as_of <= {{ as_of() }}

),

open_findings as (

    select
        check_id,
        count(*) as open_finding_count
    from {{ ref('stg_quality__findings') }}
    where
        first_seen_at <= {{ as_of() }}
        and (resolved_at is null or resolved_at > {{ as_of() }})
    group by check_id

),

checks as (

    select
        quality_checks.check_id,
        quality_checks.check_name,
        quality_checks.severity,
        quality_checks.description,
        quality_checks.action,
        quality_checks.owner,
        check_runs.as_of as last_run_at,
        coalesce(check_runs.status, 'never_run') as last_status,
        check_runs.severity as last_severity,
        check_runs.evaluated_rows as last_evaluated_rows,
        check_runs.finding_count as last_finding_count,
        cast(coalesce(open_findings.open_finding_count, 0) as bigint) as open_finding_count
    from quality_checks
    left join check_runs
        on
            quality_checks.check_id = check_runs.check_id
            and check_runs.recency = 1
    left join open_findings
        on quality_checks.check_id = open_findings.check_id

)

select * from checks
