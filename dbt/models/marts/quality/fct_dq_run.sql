with

check_runs as (

    select * from {{ ref('stg_quality__check_runs') }}
    where as_of <= {{ as_of() }}

),

dq_check as (

    select * from {{ ref('dq_check') }}

),

runs_with_previous as (

    select
        *,
        lag(finding_count) over (
            partition by check_id
            order by as_of
        ) as previous_finding_count
    from check_runs

),

runs as (

    select
        {{ surrogate_key(['runs_with_previous.check_id', 'runs_with_previous.as_of']) }} as dq_run_key,
        runs_with_previous.check_id,
        dq_check.check_name,
        runs_with_previous.as_of as run_at,
        runs_with_previous.severity,
        runs_with_previous.status,
        runs_with_previous.evaluated_rows,
        runs_with_previous.finding_count,
        {{ safe_divide('runs_with_previous.finding_count', 'runs_with_previous.evaluated_rows') }} as finding_rate,
        runs_with_previous.previous_finding_count,
        runs_with_previous.finding_count - runs_with_previous.previous_finding_count as finding_change
    from runs_with_previous
    left join dq_check
        on runs_with_previous.check_id = dq_check.check_id

)

select * from runs
