with

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

int_accounts_conformed as (

    select * from {{ ref('int_accounts_conformed') }}

),

int_untrusted_opportunities as (

    select * from {{ ref('int_untrusted_opportunities') }}

),

consecutive_close_dates as (

    select
        opportunity_id,
        close_date,
        lag(close_date) over (
            partition by opportunity_id
            order by version_no
        ) as previous_close_date
    from int_opportunity_versions
    -- an edit that no history tells of has no day on which it was made
    where change_source = 'history'

),

close_date_moves as (

    select
        opportunity_id,
        {{ whole_days('previous_close_date', 'close_date') }} as moved_days
    from consecutive_close_dates

),

pushes_by_opportunity as (

    select
        opportunity_id,
        cast(sum(case when moved_days >= 1 then 1 else 0 end) as integer) as push_count,
        cast(sum(case when moved_days <= -1 then 1 else 0 end) as integer) as pull_count,
        cast(sum(case when moved_days >= 1 then moved_days else 0 end) as integer) as pushed_days
    from close_date_moves
    group by opportunity_id

),

visits_by_opportunity as (

    select
        opportunity_id,
        cast(count(*) as integer) as stage_visit_count,
        max(case when is_last then entered_at end) as stage_entered_at
    from int_stage_visits
    group by opportunity_id

),

opportunities as (

    select
        int_opportunities_conformed.opportunity_key,
        int_opportunities_conformed.opportunity_id,
        int_opportunities_conformed.crm,
        int_opportunities_conformed.source_id,
        int_opportunities_conformed.opportunity_name,
        int_opportunities_conformed.pipeline_id,
        int_opportunities_conformed.source_stage_id,
        int_opportunities_conformed.stage_key,
        int_opportunities_conformed.canonical_stage,
        visits_by_opportunity.stage_entered_at,
        coalesce(visits_by_opportunity.stage_visit_count, 0) as stage_visit_count,
        int_opportunities_conformed.amount,
        int_opportunities_conformed.amount_original,
        int_opportunities_conformed.currency_code,
        int_opportunities_conformed.fx_rate,
        int_opportunities_conformed.win_probability,
        int_opportunities_conformed.stage_default_probability,
        {{ weighted('int_opportunities_conformed.amount', 'int_opportunities_conformed.win_probability') }}
            as weighted_amount,
        {{ weighted('int_opportunities_conformed.amount', 'int_opportunities_conformed.stage_default_probability') }}
            as default_weighted_amount,
        int_opportunities_conformed.forecast_category,
        int_opportunities_conformed.forecast_category_rule,
        int_opportunities_conformed.close_date,
        int_opportunities_conformed.created_at,
        {{ reporting_day('int_opportunities_conformed.created_at') }} as created_date,
        int_opportunities_conformed.closed_at,
        {{ reporting_day('int_opportunities_conformed.closed_at') }} as closed_date,
        {{ decimal_days(
            'int_opportunities_conformed.created_at',
            'coalesce(int_opportunities_conformed.closed_at, int_opportunities_conformed.deleted_at, '
            ~ as_of() ~ ')'
        ) }} as age_days,
        not int_opportunities_conformed.is_closed as is_open,
        int_opportunities_conformed.is_closed,
        int_opportunities_conformed.is_won,
        int_opportunities_conformed.is_lost,
        int_opportunities_conformed.outcome_class,
        int_opportunities_conformed.loss_reason_raw,
        int_opportunities_conformed.loss_class,
        int_opportunities_conformed.competitor,
        coalesce(pushes_by_opportunity.push_count, 0) as push_count,
        coalesce(pushes_by_opportunity.pull_count, 0) as pull_count,
        coalesce(pushes_by_opportunity.pushed_days, 0) as pushed_days,
        int_opportunities_conformed.owner_id,
        int_users_conformed.user_key as owner_key,
        int_opportunities_conformed.account_id,
        int_accounts_conformed.account_key,
        int_opportunities_conformed.record_type,
        int_opportunities_conformed.opportunity_type,
        int_opportunities_conformed.lead_source,
        int_opportunities_conformed.next_step,
        int_opportunities_conformed.last_activity_date,
        int_opportunities_conformed.crosswalk_id as crosswalk_opportunity_id,
        int_opportunities_conformed.crm = '{{ var("primary_crm") }}'
        or other_records.opportunity_id is null as is_primary_record,
        case
            when int_opportunities_conformed.crm <> '{{ var("primary_crm") }}' and other_records.opportunity_id is null
                then gone_records.deleted_at
        end as primary_since,
        int_opportunities_conformed.is_deleted,
        int_opportunities_conformed.deleted_at,
        int_opportunities_conformed.merged_into_id as merged_into_opportunity_id,
        int_untrusted_opportunities.opportunity_id is null as is_stage_trusted,
        int_untrusted_opportunities.untrusted_finding_keys,
        {{ as_of() }} as as_of
    from int_opportunities_conformed
    left join pushes_by_opportunity
        on int_opportunities_conformed.opportunity_id = pushes_by_opportunity.opportunity_id
    left join visits_by_opportunity
        on int_opportunities_conformed.opportunity_id = visits_by_opportunity.opportunity_id
    left join int_users_conformed
        on int_opportunities_conformed.owner_id = int_users_conformed.user_id
    left join int_accounts_conformed
        on int_opportunities_conformed.account_id = int_accounts_conformed.account_id
    -- a deleted record cannot be the one that counts
    left join int_opportunities_conformed as other_records
        on
            int_opportunities_conformed.crosswalk_id = other_records.opportunity_id
            and not other_records.is_deleted
    left join int_opportunities_conformed as gone_records
        on
            int_opportunities_conformed.crosswalk_id = gone_records.opportunity_id
            and gone_records.is_deleted
    left join int_untrusted_opportunities
        on int_opportunities_conformed.opportunity_id = int_untrusted_opportunities.opportunity_id

)

select * from opportunities
