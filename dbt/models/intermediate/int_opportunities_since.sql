with

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

sinces as (

    select
        'night' as since_kind,
        {{ previous_as_of() }} as since_at
    union all
    -- the Monday of yesterday's week, so that a Monday's run tells of the whole week before
    select
        'week' as since_kind,
        {{ reporting_midnight('dim_date.week_start_date') }} as since_at
    from dim_date
    where date_day = {{ reporting_day(dbt.dateadd('day', -1, as_of())) }}

),

-- with a state that began since, or a deletion
opportunities_since as (

    select distinct
        sinces.since_kind,
        sinces.since_at,
        fct_opportunity_version.opportunity_id
    from fct_opportunity_version
    cross join sinces
    where
        fct_opportunity_version.valid_from > sinces.since_at
        or fct_opportunity_version.valid_to > sinces.since_at
    union distinct
    -- or that counts since then, because the record of the primary CRM is gone
    select
        sinces.since_kind,
        sinces.since_at,
        dim_opportunity.opportunity_id
    from dim_opportunity
    cross join sinces
    where dim_opportunity.primary_since > sinces.since_at

),

states as (

    select
        opportunities_since.since_kind,
        opportunities_since.since_at,
        dim_opportunity.opportunity_key,
        dim_opportunity.opportunity_id,
        dim_opportunity.opportunity_name,
        dim_opportunity.crm,
        dim_opportunity.pipeline_id,
        dim_opportunity.stage_key,
        dim_opportunity.canonical_stage,
        dim_opportunity.amount,
        dim_opportunity.amount_original,
        dim_opportunity.currency_code,
        dim_opportunity.fx_rate,
        dim_opportunity.weighted_amount,
        dim_opportunity.close_date,
        dim_opportunity.forecast_category,
        dim_opportunity.is_open,
        dim_opportunity.is_won,
        dim_opportunity.is_lost,
        dim_opportunity.outcome_class,
        dim_opportunity.owner_key,
        dim_opportunity.is_primary_record,
        coalesce(dim_opportunity.primary_since > opportunities_since.since_at, false) as is_newly_primary,
        dim_opportunity.is_deleted,
        dim_opportunity.is_stage_trusted,
        dim_opportunity.untrusted_finding_keys,
        dim_opportunity.as_of,
        fct_opportunity_version.opportunity_id is not null as existed_before,
        fct_opportunity_version.is_open as was_open,
        fct_opportunity_version.is_won as was_won,
        fct_opportunity_version.is_lost as was_lost,
        fct_opportunity_version.amount as amount_before,
        fct_opportunity_version.amount_original as amount_original_before,
        fct_opportunity_version.currency_code as currency_code_before,
        fct_opportunity_version.fx_rate as fx_rate_before,
        fct_opportunity_version.weighted_amount as weighted_amount_before,
        fct_opportunity_version.close_date as close_date_before,
        fct_opportunity_version.forecast_category as forecast_category_before,
        fct_opportunity_version.stage_key as stage_key_before,
        fct_opportunity_version.canonical_stage as canonical_stage_before,
        fct_opportunity_version.owner_key as owner_key_before,
        dates_now.fiscal_quarter as close_fiscal_quarter,
        dates_before.fiscal_quarter as close_fiscal_quarter_before
    from opportunities_since
    inner join dim_opportunity
        on opportunities_since.opportunity_id = dim_opportunity.opportunity_id
    left join fct_opportunity_version
        on
            opportunities_since.opportunity_id = fct_opportunity_version.opportunity_id
            and opportunities_since.since_at >= fct_opportunity_version.valid_from
            and opportunities_since.since_at < coalesce(fct_opportunity_version.valid_to, {{ end_of_time() }})
    left join dim_date as dates_now
        on dim_opportunity.close_date = dates_now.date_day
    left join dim_date as dates_before
        on fct_opportunity_version.close_date = dates_before.date_day

)

select * from states
