with

int_leads_conformed as (

    select * from {{ ref('int_leads_conformed') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

-- a lead that was converted after as_of is not converted yet
leads_as_of as (

    select
        *,
        is_converted and coalesce(converted_date <= {{ reporting_day(as_of()) }}, true) as was_converted
    from int_leads_conformed

),

leads as (

    select
        leads_as_of.lead_id,
        leads_as_of.crm,
        leads_as_of.lead_source,
        leads_as_of.lead_status,
        leads_as_of.owner_id,
        int_users_conformed.user_key as owner_key,
        leads_as_of.created_at,
        {{ reporting_day('leads_as_of.created_at') }} as created_date,
        dim_date.fiscal_quarter as created_fiscal_quarter,
        leads_as_of.was_converted as is_converted,
        case when leads_as_of.was_converted then leads_as_of.converted_date end as converted_date,
        case
            when
                leads_as_of.was_converted
                and leads_as_of.converted_date >= {{ reporting_day('leads_as_of.created_at') }}
                then {{ whole_days(reporting_day('leads_as_of.created_at'), 'leads_as_of.converted_date') }}
        end as days_to_conversion,
        {{ decimal_days('leads_as_of.created_at', as_of()) }} as age_days,
        case when leads_as_of.was_converted then dim_opportunity.opportunity_id end as opportunity_id,
        case when leads_as_of.was_converted then dim_opportunity.outcome_class end as opportunity_outcome_class,
        case when leads_as_of.was_converted then dim_opportunity.amount end as opportunity_amount,
        coalesce(leads_as_of.is_deleted, false) as is_deleted
    from leads_as_of
    left join int_users_conformed
        on leads_as_of.owner_id = int_users_conformed.user_id
    left join dim_opportunity
        on leads_as_of.converted_opportunity_id = dim_opportunity.opportunity_id
    left join dim_date
        on {{ reporting_day('leads_as_of.created_at') }} = dim_date.date_day

)

select * from leads
