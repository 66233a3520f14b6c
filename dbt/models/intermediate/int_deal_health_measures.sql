-- Each measure is null where a deal cannot give it, or where the CRM has no such input at all: null fires no signal.

with

open_opportunities as (

    select * from {{ ref('dim_opportunity') }}
    where
        is_open
        and not is_deleted
        and is_primary_record

),

dim_stage as (

    select * from {{ ref('dim_stage') }}
    where is_current

),

fct_opportunity_activity as (

    select * from {{ ref('fct_opportunity_activity') }}

),

int_deal_health_process as (

    select * from {{ ref('int_deal_health_process') }}

),

int_deal_health_contacts as (

    select * from {{ ref('int_deal_health_contacts') }}

),

fct_discount as (

    select
        opportunity_id,
        sum(list_amount_original) as list_amount_original,
        sum(net_amount_original) as net_amount_original
    from {{ ref('fct_discount') }}
    where list_amount_original is not null
    group by opportunity_id

),

-- two records are apart only where both still live
map_opportunity_crosswalk as (

    select
        counted_opportunity_id,
        max(disagreement_count) as disagreement_count,
        max(case when has_other_outcome then 'outcome, ' else '' end)
        || max(case when has_other_stage then 'stage, ' else '' end)
        || max(case when has_other_amount then 'amount, ' else '' end)
        || max(case when has_other_close_date then 'close date' else '' end) as disagreements
    from {{ ref('map_opportunity_crosswalk') }}
    where
        is_applied
        and is_living_in_both
    group by counted_opportunity_id

),

high_value as (

    select {{ percentile('amount', var('high_value_percentile')) }} as high_value_from
    from open_opportunities

),

measures as (

    select
        open_opportunities.opportunity_id,
        open_opportunities.opportunity_key,
        open_opportunities.crm,
        open_opportunities.owner_key,
        open_opportunities.account_key,
        open_opportunities.source_stage_id,
        open_opportunities.close_date,
        open_opportunities.amount,
        open_opportunities.amount_original,
        open_opportunities.currency_code,
        open_opportunities.fx_rate,
        open_opportunities.competitor,
        dim_stage.source_label as stage_label,
        int_deal_health_process.stalled_after_days,
        int_deal_health_process.days_in_stage as stalled,
        {{ whole_days('open_opportunities.close_date', reporting_day(as_of())) }} as overdue_close_date,
        open_opportunities.push_count as pushed,
        {{ decimal_days(
            'coalesce(fct_opportunity_activity.last_activity_at, open_opportunities.created_at)', as_of()
        ) }} as no_activity,
        case
            when nullif(trim(open_opportunities.next_step), '') is null then 0
            else 1
        end + coalesce(fct_opportunity_activity.planned_activity_count, 0) as no_next_step,
        int_deal_health_contacts.contact_count as single_contact,
        case
            when open_opportunities.canonical_stage >= {{ var('decision_maker_from_stage') }}
                then int_deal_health_contacts.decision_maker_count
        end as no_decision_maker,
        int_deal_health_process.no_needs_assessment,
        int_deal_health_process.no_business_case,
        int_deal_health_process.backward_move,
        case
            when open_opportunities.forecast_category = 'commit'
                then {{ decimal_days(
                    'coalesce(fct_opportunity_activity.last_activity_at, open_opportunities.created_at)', as_of()
                ) }}
        end as commit_without_activity,
        case
            when nullif(trim(open_opportunities.competitor), '') is not null
                then int_deal_health_process.differentiation_count
        end as competitor_unanswered,
        int_deal_health_process.amount_cut,
        case
            when open_opportunities.canonical_stage < {{ var('early_discount_before_stage') }}
                then {{ safe_divide(
                    'fct_discount.list_amount_original - fct_discount.net_amount_original',
                    'fct_discount.list_amount_original'
                ) }}
        end as early_discount,
        map_opportunity_crosswalk.disagreement_count as crms_disagree,
        rtrim(map_opportunity_crosswalk.disagreements, ', ') as disagreements,
        open_opportunities.amount >= high_value.high_value_from as is_high_value,
        open_opportunities.is_stage_trusted,
        open_opportunities.untrusted_finding_keys
    from open_opportunities
    inner join int_deal_health_process
        on open_opportunities.opportunity_id = int_deal_health_process.opportunity_id
    inner join int_deal_health_contacts
        on open_opportunities.opportunity_id = int_deal_health_contacts.opportunity_id
    cross join high_value
    left join dim_stage
        on open_opportunities.stage_key = dim_stage.stage_key
    left join fct_opportunity_activity
        on open_opportunities.opportunity_id = fct_opportunity_activity.opportunity_id
    left join fct_discount
        on open_opportunities.opportunity_id = fct_discount.opportunity_id
    left join map_opportunity_crosswalk
        on open_opportunities.opportunity_id = map_opportunity_crosswalk.counted_opportunity_id

)

select * from measures
