-- Whoever stands above a manager stands above the manager's people, one level higher, and no line is cut at the limit.

with

bridge_user_hierarchy as (

    select * from {{ ref('bridge_user_hierarchy') }}
    where hierarchy = 'manager'

),

dim_user as (

    select * from {{ ref('dim_user') }}
    where is_current

),

expected_pairs as (

    select
        bridge_user_hierarchy.ancestor_key,
        dim_user.user_key as descendant_key,
        bridge_user_hierarchy.depth + 1 as depth_at_most
    from dim_user
    inner join bridge_user_hierarchy
        on dim_user.manager_key = bridge_user_hierarchy.descendant_key

)

select expected_pairs.*
from expected_pairs
left join bridge_user_hierarchy
    on
        expected_pairs.ancestor_key = bridge_user_hierarchy.ancestor_key
        and expected_pairs.descendant_key = bridge_user_hierarchy.descendant_key
        and expected_pairs.depth_at_most >= bridge_user_hierarchy.depth
where bridge_user_hierarchy.ancestor_key is null
