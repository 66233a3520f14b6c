with

int_key_account_quarters as (

    select * from {{ ref('int_key_account_quarters') }}

),

int_key_accounts as (

    select * from {{ ref('int_key_accounts') }}

),

-- what is known of an account first held before, too
dim_account as (

    select
        *,
        case
            when valid_from = min(valid_from) over (partition by account_id) then {{ beginning_of_time() }}
            else valid_from
        end as known_from
    from {{ ref('dim_account') }}

),

int_activities_conformed as (

    select * from {{ ref('int_activities_conformed') }}
    where
        not is_deleted
        and is_completed
        and occurred_at <= {{ as_of() }}

),

int_contacts_conformed as (

    select * from {{ ref('int_contacts_conformed') }}

),

-- a CRM whose activities never name a contact cannot say whom anybody met
contact_usage as (

    select
        crm,
        count(contact_id) > 0 as names_contacts
    from int_activities_conformed
    group by crm

),

activities as (

    select
        int_key_accounts.account_id,
        int_activities_conformed.activity_id,
        int_activities_conformed.activity_type,
        int_activities_conformed.occurred_at,
        int_activities_conformed.contact_id,
        {{ mentions_any_word('int_contacts_conformed.job_title', var('executive_title_words')) }} as is_with_executive
    from int_activities_conformed
    inner join int_key_accounts
        on int_activities_conformed.account_id = int_key_accounts.record_account_id
    left join int_contacts_conformed
        on int_activities_conformed.contact_id = int_contacts_conformed.contact_id

),

activities_by_quarter as (

    select
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter,
        count(
            distinct case
                when
                    {{ decimal_days('activities.occurred_at', 'int_key_account_quarters.judged_at') }}
                    <= {{ var('key_account_engaged_days') }}
                    then activities.contact_id
            end
        ) as contacts_engaged,
        count(
            distinct case
                when
                    activities.occurred_at >= int_key_account_quarters.quarter_start_at
                    and activities.activity_type = 'meeting'
                    and activities.is_with_executive
                    then activities.activity_id
            end
        ) as executive_meeting_count
    from int_key_account_quarters
    inner join activities
        on
            int_key_account_quarters.account_id = activities.account_id
            and int_key_account_quarters.judged_at > activities.occurred_at
    group by
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter

),

product_lines as (

    select
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter,
        count(distinct fct_discount.product_code) as product_line_count
    from int_key_account_quarters
    inner join int_key_accounts
        on int_key_account_quarters.account_id = int_key_accounts.account_id
    inner join {{ ref('dim_opportunity') }} as dim_opportunity
        on
            int_key_accounts.record_account_id = dim_opportunity.account_id
            and int_key_account_quarters.judged_at > dim_opportunity.closed_at
    inner join {{ ref('fct_discount') }} as fct_discount
        on dim_opportunity.opportunity_id = fct_discount.opportunity_id
    where
        dim_opportunity.is_won
        and dim_opportunity.is_primary_record
    group by
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter

),

open_pipeline as (

    select
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter,
        count(*) as open_opportunity_count,
        sum(int_opportunity_versions.amount) as open_amount
    from int_key_account_quarters
    inner join int_key_accounts
        on int_key_account_quarters.account_id = int_key_accounts.account_id
    inner join {{ ref('dim_opportunity') }} as dim_opportunity
        on int_key_accounts.record_account_id = dim_opportunity.account_id
    inner join {{ ref('int_opportunity_versions') }} as int_opportunity_versions
        on
            dim_opportunity.opportunity_id = int_opportunity_versions.opportunity_id
            and int_key_account_quarters.judged_at >= int_opportunity_versions.valid_from
            and int_key_account_quarters.judged_at
            < coalesce(int_opportunity_versions.valid_to, {{ end_of_time() }})
    where
        not int_opportunity_versions.is_closed
        and {{ counts_at('int_key_account_quarters.judged_at') }}
    group by
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter

),

plans as (

    select
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter,
        max(key_account_plans.plan_date) as plan_date
    from int_key_account_quarters
    inner join int_key_accounts
        on int_key_account_quarters.account_id = int_key_accounts.account_id
    inner join {{ ref('key_account_plans') }} as key_account_plans
        on
            int_key_accounts.record_account_id = key_account_plans.account_id
            and int_key_account_quarters.fiscal_quarter_end_date >= key_account_plans.plan_date
    where key_account_plans.plan_date <= {{ reporting_day(as_of()) }}
    group by
        int_key_account_quarters.account_id,
        int_key_account_quarters.fiscal_quarter

),

quarters as (

    select
        {{ surrogate_key(['int_key_account_quarters.account_id', 'int_key_account_quarters.fiscal_quarter']) }}
            as key_account_quarter_key,
        dim_account.account_key,
        int_key_account_quarters.account_id,
        dim_account.account_name,
        dim_account.owner_key,
        dim_account.segment,
        int_key_account_quarters.fiscal_quarter,
        int_key_account_quarters.fiscal_quarter_start_date,
        int_key_account_quarters.fiscal_quarter_end_date,
        int_key_account_quarters.judged_at,
        coalesce(own_records.key_since < int_key_account_quarters.judged_at, false) as is_key_in_quarter,
        cast(int_key_account_quarters.won_count as integer) as won_count,
        cast(int_key_account_quarters.bookings_amount as decimal(18, 2)) as bookings_amount,
        cast(int_key_account_quarters.bookings_of_4_quarters as decimal(18, 2)) as four_quarter_bookings_amount,
        cast(
            int_key_account_quarters.bookings_of_previous_4_quarters as decimal(18, 2)
        ) as previous_four_quarter_bookings_amount,
        {{ safe_divide(
            'int_key_account_quarters.bookings_of_4_quarters - int_key_account_quarters.bookings_of_previous_4_quarters',
            'int_key_account_quarters.bookings_of_previous_4_quarters'
        ) }} as growth_rate,
        case
            when contact_usage.names_contacts then cast(coalesce(activities_by_quarter.contacts_engaged, 0) as integer)
        end as contacts_engaged,
        case
            when contact_usage.names_contacts
                then cast(coalesce(activities_by_quarter.executive_meeting_count, 0) as integer)
        end as executive_meeting_count,
        cast(product_lines.product_line_count as integer) as product_line_count,
        cast(coalesce(open_pipeline.open_opportunity_count, 0) as integer) as open_opportunity_count,
        cast(coalesce(open_pipeline.open_amount, 0) as decimal(18, 2)) as open_amount,
        plans.plan_date,
        {{ whole_days('plans.plan_date', reporting_day('int_key_account_quarters.judged_at')) }} as plan_age_days
    from int_key_account_quarters
    -- as the account was when the quarter ended; half-open, so the end itself belongs to the next quarter
    inner join dim_account
        on
            int_key_account_quarters.account_id = dim_account.account_id
            and int_key_account_quarters.judged_at > dim_account.known_from
            and int_key_account_quarters.judged_at <= coalesce(dim_account.valid_to, {{ end_of_time() }})
    inner join int_key_accounts as own_records
        on int_key_account_quarters.account_id = own_records.record_account_id
    left join contact_usage
        on dim_account.crm = contact_usage.crm
    left join activities_by_quarter
        on
            int_key_account_quarters.account_id = activities_by_quarter.account_id
            and int_key_account_quarters.fiscal_quarter = activities_by_quarter.fiscal_quarter
    left join product_lines
        on
            int_key_account_quarters.account_id = product_lines.account_id
            and int_key_account_quarters.fiscal_quarter = product_lines.fiscal_quarter
    left join open_pipeline
        on
            int_key_account_quarters.account_id = open_pipeline.account_id
            and int_key_account_quarters.fiscal_quarter = open_pipeline.fiscal_quarter
    left join plans
        on
            int_key_account_quarters.account_id = plans.account_id
            and int_key_account_quarters.fiscal_quarter = plans.fiscal_quarter

)

select * from quarters
