-- Leads are those of the CRMs, none lost and none twice; a converted one was converted by as_of, and one that was
-- not has no trace of a conversion.

with

fct_lead_conversion as (

    select * from {{ ref('fct_lead_conversion') }}

),

int_leads_conformed as (

    select * from {{ ref('int_leads_conformed') }}

),

offenders as (

    select coalesce(fct_lead_conversion.lead_id, int_leads_conformed.lead_id) as lead_id
    from fct_lead_conversion
    full outer join int_leads_conformed
        on fct_lead_conversion.lead_id = int_leads_conformed.lead_id
    where
        fct_lead_conversion.lead_id is null
        or int_leads_conformed.lead_id is null
        or fct_lead_conversion.converted_date > {{ reporting_day(as_of()) }}
        or (
            not fct_lead_conversion.is_converted
            and coalesce(
                fct_lead_conversion.opportunity_id,
                fct_lead_conversion.opportunity_outcome_class,
                cast(fct_lead_conversion.converted_date as varchar),
                cast(fct_lead_conversion.days_to_conversion as varchar)
            ) is not null
        )

)

select * from offenders
