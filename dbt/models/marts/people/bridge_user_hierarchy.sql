with

dim_user as (

    select * from {{ ref('dim_user') }}
    where is_current

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

int_roles_conformed as (

    select * from {{ ref('int_roles_conformed') }}

),

-- the line of managers runs from person to person, the line of roles from role to role
superiors as (

    select
        'manager' as hierarchy,
        user_key as node,
        manager_key as superior
    from dim_user
    where manager_key <> user_key
    union
    select
        'role' as hierarchy,
        role_id as node,
        parent_role_id as superior
    from int_roles_conformed
    where parent_role_id <> role_id

),

-- unrolled, not recursive: a circle of superiors ends after the last level
level_1 as (

    select
        hierarchy,
        node,
        superior as ancestor,
        1 as depth
    from superiors

),
{% for level in range(2, var('hierarchy_depth_limit') + 1) %}
    level_{{ level }} as (

        select
            level_{{ level - 1 }}.hierarchy,
            level_{{ level - 1 }}.node,
            superiors.superior as ancestor,
            {{ level }} as depth
        from level_{{ level - 1 }}
        inner join superiors
            on
                level_{{ level - 1 }}.hierarchy = superiors.hierarchy
                and level_{{ level - 1 }}.ancestor = superiors.node

    ),
{% endfor %}
lines as (

    {% for level in range(1, var('hierarchy_depth_limit') + 1) -%}
        select * from level_{{ level }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

persons_of_nodes as (

    select
        'manager' as hierarchy,
        user_key as node,
        user_key
    from dim_user
    union
    select
        'role' as hierarchy,
        role_id as node,
        user_key
    from int_users_conformed
    where role_id is not null

),

pairs as (

    select
        lines.hierarchy,
        ancestors.user_key as ancestor_key,
        descendants.user_key as descendant_key,
        lines.depth
    from lines
    inner join persons_of_nodes as ancestors
        on
            lines.hierarchy = ancestors.hierarchy
            and lines.ancestor = ancestors.node
    inner join persons_of_nodes as descendants
        on
            lines.hierarchy = descendants.hierarchy
            and lines.node = descendants.node
    where ancestors.user_key <> descendants.user_key
    union all
    select distinct
        hierarchy,
        user_key as ancestor_key,
        user_key as descendant_key,
        0 as depth
    from persons_of_nodes

),

hierarchy_pairs as (

    select
        {{ surrogate_key(['hierarchy', 'ancestor_key', 'descendant_key']) }} as user_hierarchy_key,
        hierarchy,
        ancestor_key,
        descendant_key,
        cast(min(depth) as integer) as depth
    from pairs
    group by
        hierarchy,
        ancestor_key,
        descendant_key

)

select * from hierarchy_pairs
