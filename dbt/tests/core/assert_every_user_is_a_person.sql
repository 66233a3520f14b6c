-- Every user and owner of the CRMs belongs to exactly one person at any instant.

with

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}
    where is_current

)

select
    int_users_conformed.user_id,
    count(dim_user.user_key) as person_count
from int_users_conformed
left join dim_user
    on int_users_conformed.user_key = dim_user.user_key
group by int_users_conformed.user_id
having count(dim_user.user_key) <> 1
