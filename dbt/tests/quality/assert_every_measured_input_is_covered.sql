-- Nothing has more than it wants, every input that is measured is told of, and the shares follow from the counts.

select
    dq_input_coverage.input_name,
    dq_input_coverage.crm
from {{ ref('dq_input_coverage') }} as dq_input_coverage
where
    dq_input_coverage.filled_count > dq_input_coverage.wanted_count
    or dq_input_coverage.filled_count < 0
    or (dq_input_coverage.coverage_status = 'filled') <> (dq_input_coverage.filled_share = 1)
union all
select
    int_input_fills.input_name,
    int_input_fills.crm
from {{ ref('int_input_fills') }} as int_input_fills
left join {{ ref('dq_input_coverage') }} as told
    on
        int_input_fills.input_name = told.input_name
        and int_input_fills.crm = told.crm
        and int_input_fills.wanted_count = told.wanted_count
where told.input_name is null
