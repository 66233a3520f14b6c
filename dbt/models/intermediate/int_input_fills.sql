{%- set deals = ref('dim_opportunity') -%}
{%- set accounts = ref('dim_account') -%}
{%- set activities = ref('int_activities_conformed') -%}
{%- set lines = ref('fct_discount') -%}
{%- set people = ref('dim_user') -%}
{%- set process = ref('int_deal_health_process') -%}
{%- set living = 'not is_deleted' -%}
{%- set open = 'is_open and not is_deleted' -%}
{%- set lost = 'is_lost and not is_deleted' -%}
{%- set fills = [
    ('amount', deals, 'crm', living, 'amount_original is not null'),
    ('close_date', deals, 'crm', living, 'close_date is not null'),
    ('loss_reason', deals, 'crm', lost, 'loss_reason_raw is not null'),
    ('loss_reason_class', deals, 'crm', lost ~ ' and loss_reason_raw is not null', 'loss_class is not null'),
    ('competitor', deals, 'crm', living ~ " and outcome_class = 'lost_competitor'", "nullif(competitor, '') is not null"),
    ('next_step', deals, 'crm', open, "nullif(trim(next_step), '') is not null"),
    ('forecast_category', deals, 'crm', open, "forecast_category_rule = 'deal'"),
    ('stage_meaning', deals, 'crm', open, 'canonical_stage is not null'),
    ('exchange_rate', deals, 'crm', living ~ " and currency_code <> '" ~ var('corporate_currency') ~ "'",
        'fx_rate is not null'),
    ('buying_role', ref('int_opportunity_contacts'), 'crm', '1 = 1', 'source_roles is not null'),
    ('activity_contact', activities, 'crm', living ~ " and activity_type <> 'task'", 'contact_id is not null'),
    ('activity_minutes', activities, 'crm', living ~ " and activity_type in ('call', 'meeting')", 'minutes is not null'),
    ('list_price', lines, 'crm', '1 = 1', 'list_amount_original is not null'),
    ('discount_reason', lines, 'crm', 'is_discounted', 'discount_reason is not null'),
    ('discount_approval', lines, 'crm', 'is_discounted', 'approved_by is not null'),
    ('product_cost', lines, 'crm', '1 = 1', '1 = 0'),
    ('employee_count', accounts, 'crm', 'is_current', 'employee_count is not null'),
    ('annual_revenue', accounts, 'crm', 'is_current', 'annual_revenue is not null'),
    ('quota', ref('fct_quota'), "'both'", "measure = 'bookings'", 'quota_amount_original is not null'),
    ('forecast_call', ref('agg_forecast_accuracy'), "'both'", "scope_type = 'team'", 'submitted_call_amount is not null'),
    ('role_family', people, "'both'", 'is_current and is_active', "role_family <> 'unknown'"),
    ('manager', people, "'both'", 'is_current and is_active', 'manager_key is not null'),
] -%}
with

contacts_by_opportunity as (

    select
        opportunity_id,
        count(*) as contact_count
    from {{ ref('int_opportunity_contacts') }}
    group by opportunity_id

),

fills as (

    {% for input_name, relation, crm, wanted, filled in fills -%}
        select
            '{{ input_name }}' as input_name,
            {{ crm }} as crm,
            count(*) as wanted_count,
            sum(case when {{ filled }} then 1 else 0 end) as filled_count
        from {{ relation }}
        where {{ wanted }}
        group by {{ crm }}
        union all
    {% endfor -%}
    select
        'stage_limit' as input_name,
        open_opportunities.crm,
        count(*) as wanted_count,
        count(dim_stage.sla_days) as filled_count
    from {{ deals }} as open_opportunities
    left join {{ ref('dim_stage') }} as dim_stage
        on
            open_opportunities.stage_key = dim_stage.stage_key
            and dim_stage.is_current
    where
        open_opportunities.is_open
        and not open_opportunities.is_deleted
    group by open_opportunities.crm
    union all
    select
        'deal_contact' as input_name,
        open_opportunities.crm,
        count(*) as wanted_count,
        count(contacts_by_opportunity.contact_count) as filled_count
    from {{ deals }} as open_opportunities
    left join contacts_by_opportunity
        on open_opportunities.opportunity_id = contacts_by_opportunity.opportunity_id
    where
        open_opportunities.is_open
        and not open_opportunities.is_deleted
    group by open_opportunities.crm
    union all
    select
        'business_case' as input_name,
        late_opportunities.crm,
        count(*) as wanted_count,
        sum(case when processes.no_business_case > 0 then 1 else 0 end) as filled_count
    from {{ deals }} as late_opportunities
    inner join {{ process }} as processes
        on late_opportunities.opportunity_id = processes.opportunity_id
    where late_opportunities.canonical_stage >= {{ var('business_case_from_stage') }}
    group by late_opportunities.crm
    union all
    select
        'list_price' as input_name,
        'hubspot' as crm,
        count(*) as wanted_count,
        0 as filled_count
    from {{ deals }}
    where
        crm = 'hubspot'
        and not is_deleted
    having count(*) > 0
    union all
    select
        'key_account_plan' as input_name,
        'both' as crm,
        count(*) as wanted_count,
        count(plan_date) as filled_count
    from {{ ref('fct_key_account_quarterly') }}
    where judged_at = {{ as_of() }}
    having count(*) > 0

)

select * from fills
