with

int_opportunity_fingerprints as (

    select * from {{ ref('int_opportunity_fingerprints') }}

),

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}

),

int_stage_visits as (

    select * from {{ ref('int_stage_visits') }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

int_untrusted_opportunities as (

    select * from {{ ref('int_untrusted_opportunities') }}

),

int_stages_conformed as (

    select * from {{ ref('int_stages_conformed') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

calendar as (

    select {{ row_set_fingerprint([
        'date_day', 'week_start_date', 'fiscal_month_start_date', 'fiscal_quarter', 'fiscal_quarter_start_date'
    ]) }} as calendar_fingerprint
    from dim_date

),

-- the roads that a funnel is held against
stages_of_pipelines as (

    select {{ row_set_fingerprint([
        'crm', 'pipeline_id', 'canonical_stage', 'is_active', 'is_in_metadata'
    ]) }} as stages_fingerprint
    from int_stages_conformed

),

today as (

    select * from dim_date
    where date_day = {{ reporting_day(as_of()) }}

),

-- the day that puts a version into a week, month and quarter
versions_with_day as (

    select
        opportunity_id,
        owner_id,
        changed_by,
        case when is_closed then {{ reporting_day('valid_from') }} else close_date end as period_date,
        not is_closed and forecast_category in ('commit', 'best_case') as is_forecast
    from int_opportunity_versions

),

-- a deal stays on in any stage of the road; in won its time is no time in a stage
lasting_visits as (

    select
        opportunity_id,
        {{ as_of() }} as lasting_until
    from int_stage_visits
    where
        is_last
        and exited_at is null
        and canonical_stage in (1, 2, 3, 4, 5, 6, 9)

),

-- people by their present keys; how many of the periods had begun, and ended, by as_of; how many snapshots there were
versions_by_opportunity as (

    select
        versions.opportunity_id,
        {{ row_set_fingerprint([
            'versions.owner_id', 'owners.user_key', 'versions.changed_by', 'changers.user_key'
        ]) }} as people_fingerprint,
        sum(case when versions.period_date < today.week_start_date then 1 else 0 end) as ended_week_count,
        sum(case when versions.period_date < {{ dbt.dateadd('day', 7, 'today.week_start_date') }} then 1 else 0 end)
            as begun_week_count,
        sum(case when versions.period_date < today.fiscal_month_start_date then 1 else 0 end) as ended_month_count,
        sum(case when versions.period_date <= today.fiscal_month_end_date then 1 else 0 end) as begun_month_count,
        sum(case when versions.period_date < today.fiscal_quarter_start_date then 1 else 0 end) as ended_quarter_count,
        sum(case when versions.period_date <= today.fiscal_quarter_end_date then 1 else 0 end) as begun_quarter_count,
        sum(
            case
                when
                    versions.is_forecast
                    and versions.period_date >= today.fiscal_quarter_start_date
                    and versions.period_date <= today.fiscal_quarter_end_date
                    then today.week_of_quarter
                else 0
            end
        ) as snapshot_count
    from versions_with_day as versions
    cross join today
    left join int_users_conformed as owners
        on versions.owner_id = owners.user_id
    left join int_users_conformed as changers
        on versions.changed_by = changers.user_id
    group by versions.opportunity_id

),

fingerprints as (

    select
        int_opportunity_fingerprints.opportunity_id,
        {{ surrogate_key([
            'int_opportunity_fingerprints.source_fingerprint',
            'versions_by_opportunity.people_fingerprint',
            'int_opportunities_conformed.loss_class',
            'int_opportunities_conformed.crosswalk_id',
            'other_records.created_at',
            'other_records.is_deleted',
            'other_records.deleted_at',
            'int_untrusted_opportunities.untrusted_finding_keys',
            "'" ~ var('primary_crm') ~ "'",
            'calendar.calendar_fingerprint',
            'stages_of_pipelines.stages_fingerprint',
        ]) }} as mart_fingerprint,
        versions_by_opportunity.ended_week_count,
        versions_by_opportunity.begun_week_count,
        versions_by_opportunity.ended_month_count,
        versions_by_opportunity.begun_month_count,
        versions_by_opportunity.ended_quarter_count,
        versions_by_opportunity.begun_quarter_count,
        versions_by_opportunity.snapshot_count,
        lasting_visits.lasting_until
    from int_opportunity_fingerprints
    inner join int_opportunities_conformed
        on int_opportunity_fingerprints.opportunity_id = int_opportunities_conformed.opportunity_id
    left join int_opportunities_conformed as other_records
        on int_opportunities_conformed.crosswalk_id = other_records.opportunity_id
    left join versions_by_opportunity
        on int_opportunity_fingerprints.opportunity_id = versions_by_opportunity.opportunity_id
    left join lasting_visits
        on int_opportunity_fingerprints.opportunity_id = lasting_visits.opportunity_id
    left join int_untrusted_opportunities
        on int_opportunity_fingerprints.opportunity_id = int_untrusted_opportunities.opportunity_id
    cross join calendar
    cross join stages_of_pipelines

),

fingerprints_with_periods as (

    select
        opportunity_id,
        mart_fingerprint,
        {{ surrogate_key([
            'mart_fingerprint', 'ended_week_count', 'begun_week_count', 'ended_month_count', 'begun_month_count',
            'ended_quarter_count', 'begun_quarter_count',
        ]) }} as period_fingerprint,
        {{ surrogate_key([
            'mart_fingerprint', 'ended_quarter_count', 'begun_quarter_count', 'snapshot_count'
        ]) }} as forecast_fingerprint,
        {{ surrogate_key(['mart_fingerprint', 'lasting_until']) }} as stay_fingerprint
    from fingerprints

)

select * from fingerprints_with_periods
