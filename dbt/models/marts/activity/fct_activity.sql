with

int_activities_conformed as (

    select * from {{ ref('int_activities_conformed') }}
    where not is_deleted

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

int_opportunity_open_stretches as (

    select * from {{ ref('int_opportunity_open_stretches') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

dim_user as (

    select * from {{ ref('dim_user') }}

),

activities as (

    select
        {{ surrogate_key(['int_activities_conformed.activity_id']) }} as activity_key,
        int_activities_conformed.activity_id,
        int_activities_conformed.crm,
        int_activities_conformed.activity_type,
        int_activities_conformed.occurred_at,
        int_activities_conformed.minutes,
        int_activities_conformed.owner_id,
        int_users_conformed.user_key as owner_key,
        dim_user.role_name,
        dim_user.role_family,
        dim_user.manager_key,
        -- an activity can name a deal that nobody may read, or that was gone before the first sync
        int_opportunities_conformed.opportunity_id,
        int_activities_conformed.account_id,
        int_activities_conformed.contact_id,
        int_activities_conformed.is_completed,
        {{ decimal_days('int_opportunities_conformed.created_at', 'int_activities_conformed.occurred_at') }}
            as days_from_opportunity_creation,
        -- the state at the instant, so that a re-opened deal was not open while it was closed
        case
            when
                int_opportunities_conformed.opportunity_id is not null
                and int_activities_conformed.occurred_at <= {{ as_of() }}
                then int_opportunity_open_stretches.opportunity_id is not null
        end as is_while_open
    from int_activities_conformed
    left join int_users_conformed
        on int_activities_conformed.owner_id = int_users_conformed.user_id
    left join dim_user
        on
            int_users_conformed.user_key = dim_user.user_key
            and int_activities_conformed.occurred_at >= dim_user.valid_from
            and int_activities_conformed.occurred_at < coalesce(dim_user.valid_to, {{ end_of_time() }})
    left join int_opportunities_conformed
        on int_activities_conformed.opportunity_id = int_opportunities_conformed.opportunity_id
    left join int_opportunity_open_stretches
        on
            int_activities_conformed.opportunity_id = int_opportunity_open_stretches.opportunity_id
            and int_activities_conformed.occurred_at >= int_opportunity_open_stretches.opened_at
            and int_activities_conformed.occurred_at
            < coalesce(int_opportunity_open_stretches.ended_at, {{ end_of_time() }})

)

select * from activities
