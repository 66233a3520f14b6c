-- Values are text here: null says "this change does not touch the property", '' says "it is empty from now on".

with

stg_salesforce__opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}
    where {{ holds_at_as_of() }}

),

stg_salesforce__opportunity_histories as (

    select * from {{ ref('stg_salesforce__opportunity_histories') }}

),

stg_salesforce__opportunity_field_histories as (

    select * from {{ ref('stg_salesforce__opportunity_field_histories') }}

),

salesforce_owner_changes as (

    select
        *,
        row_number() over (
            partition by source_opportunity_id
            order by changed_at, source_id
        ) as change_no
    from stg_salesforce__opportunity_field_histories
    where
        field_name in ('Owner', 'OwnerId')
        -- the same change is also saved with the owners' names; 005 begins every user id
        and coalesce(new_value, old_value) like '005%'

),

salesforce_currency_changes as (

    select
        *,
        row_number() over (
            partition by source_opportunity_id
            order by changed_at, source_id
        ) as change_no
    from stg_salesforce__opportunity_field_histories
    where field_name = 'CurrencyIsoCode'

),

salesforce_states as (

    select
        stg_salesforce__opportunity_histories.*,
        row_number() over (
            partition by stg_salesforce__opportunity_histories.source_opportunity_id
            order by stg_salesforce__opportunity_histories.changed_at, stg_salesforce__opportunity_histories.source_id
        ) as state_no,
        coalesce(salesforce_owner_changes.old_value, stg_salesforce__opportunities.source_owner_id) as first_owner_id,
        salesforce_currency_changes.old_value as first_currency_code
    from stg_salesforce__opportunity_histories
    left join salesforce_owner_changes
        on
            stg_salesforce__opportunity_histories.source_opportunity_id = salesforce_owner_changes.source_opportunity_id
            and salesforce_owner_changes.change_no = 1
    left join salesforce_currency_changes
        on
            stg_salesforce__opportunity_histories.source_opportunity_id
            = salesforce_currency_changes.source_opportunity_id
            and salesforce_currency_changes.change_no = 1
    left join stg_salesforce__opportunities
        on stg_salesforce__opportunity_histories.source_opportunity_id = stg_salesforce__opportunities.source_id

),

changes_of_state as (

    select
        'salesforce:' || source_opportunity_id as opportunity_id,
        'salesforce' as crm,
        changed_at,
        '1' || source_id as change_order,
        true as is_whole_state,
        'salesforce:' || created_by_source_id as changed_by,
        pipeline_id,
        coalesce(source_stage_id, '') as source_stage_id,
        coalesce(cast(amount_original as varchar), '') as amount_original,
        case when state_no = 1 then first_currency_code end as currency_code,
        coalesce(cast(win_probability as varchar), '') as win_probability,
        coalesce(forecast_category_raw, '') as forecast_category_raw,
        coalesce(cast(close_date as varchar), '') as close_date,
        case when state_no = 1 then coalesce('salesforce:' || first_owner_id, '') end as owner_id
    from salesforce_states

),

changes_of_fields as (

    select
        'salesforce:' || source_opportunity_id as opportunity_id,
        'salesforce' as crm,
        changed_at,
        '0' || source_id as change_order,
        false as is_whole_state,
        'salesforce:' || created_by_source_id as changed_by,
        cast(null as varchar) as pipeline_id,
        cast(null as varchar) as source_stage_id,
        cast(null as varchar) as amount_original,
        cast(null as varchar) as currency_code,
        cast(null as varchar) as win_probability,
        cast(null as varchar) as forecast_category_raw,
        cast(null as varchar) as close_date,
        coalesce('salesforce:' || new_value, '') as owner_id
    from salesforce_owner_changes
    union all
    select
        'salesforce:' || source_opportunity_id as opportunity_id,
        'salesforce' as crm,
        changed_at,
        '0' || source_id as change_order,
        false as is_whole_state,
        'salesforce:' || created_by_source_id as changed_by,
        cast(null as varchar) as pipeline_id,
        cast(null as varchar) as source_stage_id,
        cast(null as varchar) as amount_original,
        cast(null as varchar) as currency_code,
        cast(null as varchar) as win_probability,
        coalesce(new_value, '') as forecast_category_raw,
        cast(null as varchar) as close_date,
        cast(null as varchar) as owner_id
    from stg_salesforce__opportunity_field_histories
    where field_name in ('ForecastCategoryName', 'ForecastCategory')
    union all
    select
        'salesforce:' || source_opportunity_id as opportunity_id,
        'salesforce' as crm,
        changed_at,
        '0' || source_id as change_order,
        false as is_whole_state,
        'salesforce:' || created_by_source_id as changed_by,
        cast(null as varchar) as pipeline_id,
        cast(null as varchar) as source_stage_id,
        cast(null as varchar) as amount_original,
        coalesce(new_value, '') as currency_code,
        cast(null as varchar) as win_probability,
        cast(null as varchar) as forecast_category_raw,
        cast(null as varchar) as close_date,
        cast(null as varchar) as owner_id
    from salesforce_currency_changes

),

changes_of_both_kinds as (

    select * from changes_of_state
    union all
    select * from changes_of_fields

)

select * from changes_of_both_kinds
