-- The findings that are open at as_of are as many as the newest run of their rule found.

select
    check_id,
    open_finding_count,
    last_finding_count
from {{ ref('dq_check') }}
where
    last_status <> 'broken'
    and open_finding_count <> coalesce(last_finding_count, 0)
