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

leads as (

    select
        int_leads_conformed.lead_id,
        int_leads_conformed.crm,
        int_leads_conformed.lead_source,
        int_leads_conformed.lead_status,
        int_leads_conformed.owner_id,
        int_users_conformed.user_key as owner_key,
        int_leads_conformed.created_at,
        {{ reporting_day('int_leads_conformed.created_at') }} as created_date,
        dim_date.fiscal_quarter as created_fiscal_quarter,
        int_leads_conformed.is_converted,
        int_leads_conformed.converted_date,
        case
            when
                int_leads_conformed.converted_date
                >= {{ reporting_day('int_leads_conformed.created_at') }}
                then {{ whole_days(
                    reporting_day('int_leads_conformed.created_at'), 'int_leads_conformed.converted_date'
                ) }}
        end as days_to_conversion,
        {{ decimal_days('int_leads_conformed.created_at', as_of()) }} as age_days,
        dim_opportunity.opportunity_id,
        dim_opportunity.outcome_class as opportunity_outcome_class,
        dim_opportunity.amount as opportunity_amount,
        dim_opportunity.amount_original as opportunity_amount_original,
        dim_opportunity.currency_code as opportunity_currency_code,
        dim_opportunity.fx_rate as opportunity_fx_rate,
        coalesce(int_leads_conformed.is_deleted, false) as is_deleted
    from int_leads_conformed
    left join int_users_conformed
        on int_leads_conformed.owner_id = int_users_conformed.user_id
    left join dim_opportunity
        on int_leads_conformed.converted_opportunity_id = dim_opportunity.opportunity_id
    left join dim_date
        on {{ reporting_day('int_leads_conformed.created_at') }} = dim_date.date_day

)

select * from leads
