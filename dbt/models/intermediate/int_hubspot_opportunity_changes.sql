-- Values are text here: null says "this change does not touch the property", '' says "it is empty from now on".

with

stg_hubspot__deal_property_histories as (

    select * from {{ ref('stg_hubspot__deal_property_histories') }}

),

stg_hubspot__owners as (

    select * from {{ ref('stg_hubspot__owners') }}

),

hubspot_owners_by_user as (

    select
        source_user_id,
        min(source_id) as changed_by_owner_id
    from stg_hubspot__owners
    where source_user_id is not null
    group by source_user_id

),

histories_with_changed_by as (

    select
        stg_hubspot__deal_property_histories.*,
        hubspot_owners_by_user.changed_by_owner_id
    from stg_hubspot__deal_property_histories
    left join hubspot_owners_by_user
        on stg_hubspot__deal_property_histories.created_by_source_id = hubspot_owners_by_user.source_user_id

),

-- what one save wrote carries one timestamp, so the properties of a millisecond are one change
changes as (

    select
        source_opportunity_id,
        changed_at,
        max(changed_by_owner_id) as changed_by_owner_id,
        {{ hubspot_property('pipeline') }} as pipeline_id,
        {{ hubspot_property('dealstage') }} as source_stage_id,
        {{ hubspot_property('amount') }} as amount_original,
        {{ hubspot_property('deal_currency_code') }} as currency_code,
        {{ hubspot_property('hs_manual_forecast_category') }} as forecast_category_raw,
        {{ hubspot_property('closedate') }} as closed_or_expected_at,
        {{ hubspot_property('hubspot_owner_id') }} as source_owner_id
    from histories_with_changed_by
    group by
        source_opportunity_id,
        changed_at

),

conformed_changes as (

    select
        'hubspot:' || source_opportunity_id as opportunity_id,
        'hubspot' as crm,
        changed_at,
        '0' as change_order,
        false as is_whole_state,
        'hubspot:' || changed_by_owner_id as changed_by,
        pipeline_id,
        source_stage_id,
        amount_original,
        currency_code,
        cast(null as varchar) as win_probability,
        forecast_category_raw,
        case
            when closed_or_expected_at <> ''
                then
                    cast(
                        {{ reporting_day(dbt.safe_cast('closed_or_expected_at', dbt.type_timestamp())) }} as varchar
                    )
            else closed_or_expected_at
        end as close_date,
        case
            when source_owner_id <> '' then 'hubspot:' || source_owner_id
            else source_owner_id
        end as owner_id
    from changes

)

select * from conformed_changes
