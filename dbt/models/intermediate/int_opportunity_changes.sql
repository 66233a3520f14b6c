-- Values are text here: null says "this change does not touch the property", '' says "it is empty from now on".

with

int_salesforce_opportunity_changes as (

    select * from {{ ref('int_salesforce_opportunity_changes') }}

),

int_hubspot_opportunity_changes as (

    select * from {{ ref('int_hubspot_opportunity_changes') }}

),

forecast_category_names as (

    select * from {{ ref('forecast_category_names') }}

),

changes_of_both as (

    select * from int_salesforce_opportunity_changes
    union all
    select * from int_hubspot_opportunity_changes

),

changes_as_of as (

    select
        changes_of_both.opportunity_id,
        changes_of_both.crm,
        changes_of_both.changed_at,
        changes_of_both.change_order,
        changes_of_both.is_whole_state,
        changes_of_both.changed_by,
        changes_of_both.pipeline_id,
        changes_of_both.source_stage_id,
        changes_of_both.amount_original,
        changes_of_both.currency_code,
        changes_of_both.win_probability,
        case
            when changes_of_both.forecast_category_raw is null then null
            else coalesce(forecast_category_names.forecast_category, '')
        end as forecast_category,
        changes_of_both.close_date,
        changes_of_both.owner_id
    from changes_of_both
    left join forecast_category_names
        on
            changes_of_both.crm = forecast_category_names.crm
            and changes_of_both.forecast_category_raw = forecast_category_names.source_name
    where changes_of_both.changed_at <= {{ as_of() }}

)

select * from changes_as_of
