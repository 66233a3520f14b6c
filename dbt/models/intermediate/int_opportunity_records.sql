with

int_salesforce_opportunity_records as (

    select * from {{ ref('int_salesforce_opportunity_records') }}

),

int_hubspot_opportunity_records as (

    select * from {{ ref('int_hubspot_opportunity_records') }}

),

forecast_category_names as (

    select * from {{ ref('forecast_category_names') }}

),

records_of_both as (

    select * from int_salesforce_opportunity_records
    union all
    select * from int_hubspot_opportunity_records

),

records_with_deletion as (

    select
        *,
        case when is_deleted then coalesce(deleted_at, source_modified_at, {{ as_of() }}) end as gone_at
    from records_of_both

),

records_as_of as (

    select
        records_with_deletion.crm || ':' || records_with_deletion.source_id as opportunity_id,
        records_with_deletion.crm,
        records_with_deletion.source_id,
        records_with_deletion.opportunity_name,
        records_with_deletion.pipeline_id,
        records_with_deletion.source_stage_id,
        records_with_deletion.amount_original,
        coalesce(records_with_deletion.currency_code, '{{ var("corporate_currency") }}') as currency_code,
        records_with_deletion.win_probability,
        forecast_category_names.forecast_category,
        records_with_deletion.close_date,
        records_with_deletion.source_close_at,
        records_with_deletion.crm || ':' || records_with_deletion.source_owner_id as owner_id,
        records_with_deletion.crm || ':' || records_with_deletion.source_account_id as account_id,
        records_with_deletion.record_type,
        records_with_deletion.opportunity_type,
        records_with_deletion.lead_source,
        records_with_deletion.next_step,
        nullif(trim(records_with_deletion.loss_reason_raw), '') as loss_reason_raw,
        records_with_deletion.competitor,
        records_with_deletion.is_closed_flag,
        records_with_deletion.is_won_flag,
        records_with_deletion.last_activity_date,
        records_with_deletion.created_at,
        records_with_deletion.source_modified_at,
        records_with_deletion.source_modified_at <= {{ as_of() }} as is_known_at_as_of,
        coalesce(records_with_deletion.gone_at <= {{ as_of() }}, false) as is_deleted,
        case
            when records_with_deletion.gone_at <= {{ as_of() }} then records_with_deletion.gone_at
        end as deleted_at,
        records_with_deletion.crm || ':' || records_with_deletion.merged_into_source_id as merged_into_id,
        records_with_deletion.crosswalk_source_id
    from records_with_deletion
    left join forecast_category_names
        on
            records_with_deletion.crm = forecast_category_names.crm
            and records_with_deletion.forecast_category_raw = forecast_category_names.source_name
    where
        records_with_deletion.created_at <= {{ as_of() }}
        -- a record deleted before it was first read is known by its id alone
        or records_with_deletion.created_at is null

)

select * from records_as_of
