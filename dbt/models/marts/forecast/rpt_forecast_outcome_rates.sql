with

fct_forecast_quarter as (

    select * from {{ ref('fct_forecast_quarter') }}

),

published_forecast_outcomes as (

    select * from {{ ref('published_forecast_outcomes') }}

),

-- a running quarter shows its quick losses first, so only completed ones are compared with a study
forecast_in_completed_quarters as (

    select
        crm,
        fiscal_quarter,
        case when first_commit_at is not null then 'commit' else 'best_case' end as forecast_category,
        outcome,
        was_primary_record,
        is_stage_trusted
    from fct_forecast_quarter
    where
        coalesce(first_commit_at, first_forecast_at) is not null
        and is_quarter_complete

),

deals_by_crm as (

    select * from forecast_in_completed_quarters
    union all
    select
        'all' as crm,
        fiscal_quarter,
        forecast_category,
        outcome,
        was_primary_record,
        is_stage_trusted
    from forecast_in_completed_quarters
    -- a deal that both CRMs held counts once; what happened to the other record since changes no quarter that is over
    where was_primary_record

),

deals_by_crm_and_quarter as (

    select * from deals_by_crm
    union all
    select
        crm,
        'all' as fiscal_quarter,
        forecast_category,
        outcome,
        was_primary_record,
        is_stage_trusted
    from deals_by_crm

),

counts as (

    select
        crm,
        fiscal_quarter,
        forecast_category,
        count(*) as forecast_deal_count,
        count(case when outcome in ('won', 'lost_competitor', 'no_decision') then 1 end) as decided_deal_count,
        count(case when outcome = 'won' then 1 end) as won_count,
        count(case when outcome = 'lost_competitor' then 1 end) as lost_competitor_count,
        count(case when outcome = 'no_decision' then 1 end) as no_decision_count,
        count(case when outcome = 'lost_other' then 1 end) as lost_other_count,
        count(case when outcome = 'lost_unknown' then 1 end) as lost_unknown_count,
        count(case when outcome = 'slipped' then 1 end) as slipped_count,
        count(case when outcome = 'pulled_out' then 1 end) as pulled_out_count,
        count(case when outcome = 'deleted' then 1 end) as deleted_count,
        count(case when not is_stage_trusted then 1 end) as untrusted_deal_count
    from deals_by_crm_and_quarter
    group by
        crm,
        fiscal_quarter,
        forecast_category

),

rates_of_this_warehouse as (

    select
        'this warehouse' as population,
        crm,
        fiscal_quarter,
        forecast_category,
        cast(null as varchar) as study_year,
        forecast_deal_count,
        decided_deal_count,
        won_count,
        lost_competitor_count,
        no_decision_count,
        lost_other_count,
        lost_unknown_count,
        slipped_count,
        pulled_out_count,
        deleted_count,
        untrusted_deal_count,
        {{ safe_divide('won_count', 'decided_deal_count') }} as won_rate,
        {{ safe_divide('lost_competitor_count', 'decided_deal_count') }} as competitive_loss_rate,
        {{ safe_divide('no_decision_count', 'decided_deal_count') }} as no_decision_rate,
        {{ safe_divide('slipped_count', 'forecast_deal_count') }} as slip_rate,
        true as is_exact,
        'fct_forecast_quarter' as source_text
    from counts

),

rates_of_studies as (

    select
        'published study' as population,
        cast(null as varchar) as crm,
        cast(null as varchar) as fiscal_quarter,
        cast(null as varchar) as forecast_category,
        study_year,
        cast(null as bigint) as forecast_deal_count,
        cast(null as bigint) as decided_deal_count,
        cast(null as bigint) as won_count,
        cast(null as bigint) as lost_competitor_count,
        cast(null as bigint) as no_decision_count,
        cast(null as bigint) as lost_other_count,
        cast(null as bigint) as lost_unknown_count,
        cast(null as bigint) as slipped_count,
        cast(null as bigint) as pulled_out_count,
        cast(null as bigint) as deleted_count,
        cast(null as bigint) as untrusted_deal_count,
        cast(max(case when outcome_class = 'won' then share end) as decimal(18, 6)) as won_rate,
        cast(max(case when outcome_class = 'lost_competitor' then share end) as decimal(18, 6))
            as competitive_loss_rate,
        cast(max(case when outcome_class = 'no_decision' then share end) as decimal(18, 6)) as no_decision_rate,
        cast(null as decimal(18, 6)) as slip_rate,
        count(case when qualifier <> 'exact' then 1 end) = 0 as is_exact,
        source as source_text
    from published_forecast_outcomes
    group by
        study_year,
        source

),

rates as (

    select * from rates_of_this_warehouse
    union all
    select * from rates_of_studies

),

rates_with_key as (

    select
        {{ surrogate_key(['population', 'crm', 'fiscal_quarter', 'forecast_category', 'study_year', 'source_text']) }}
            as forecast_outcome_rate_key,
        rates.*
    from rates

)

select * from rates_with_key
