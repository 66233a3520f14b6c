-- Whoever carries a quota has one row for bookings in each quarter: the seed's number, or what says that it is missing.

with

dim_rep_quarter as (

    select * from {{ ref('dim_rep_quarter') }}
    where is_quota_carrying

),

fct_quota as (

    select * from {{ ref('fct_quota') }}
    where measure = 'bookings'

)

select
    dim_rep_quarter.user_key,
    dim_rep_quarter.fiscal_quarter
from dim_rep_quarter
left join fct_quota
    on
        dim_rep_quarter.user_key = fct_quota.user_key
        and dim_rep_quarter.fiscal_quarter = fct_quota.fiscal_quarter
group by
    dim_rep_quarter.user_key,
    dim_rep_quarter.fiscal_quarter
having count(fct_quota.quota_key) <> 1
