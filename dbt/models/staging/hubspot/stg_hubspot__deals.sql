with

source as (

    {{ source_versions('hubspot', 'deals') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        pipeline as pipeline_id,
        dealstage as source_stage_id,
        nullif(hubspot_owner_id, '') as source_owner_id,
        salesforce_opportunity_id as crosswalk_source_id,
        _merged_into as merged_into_source_id,

        ---------- strings
        dealname as opportunity_name,
        dealtype as opportunity_type,
        hs_next_step as next_step,
        hs_manual_forecast_category as forecast_category_raw,
        closed_lost_reason as loss_reason_raw,
        closed_won_reason as won_reason_raw,
        competitor,
        deal_currency_code as currency_code,
        hs_merged_object_ids as merged_source_ids,

        ---------- numerics
        cast(amount as decimal(18, 2)) as amount_original,
        cast(hs_deal_stage_probability as decimal(5, 4)) as win_probability,
        cast(num_associated_contacts as bigint) as contact_count,

        ---------- booleans
        hs_is_closed as is_closed_flag,
        hs_is_closed_won as is_won_flag,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        {{ reporting_day('closedate') }} as close_date,
        closedate as closed_or_expected_at,
        {{ reporting_day('notes_last_contacted') }} as last_activity_date,
        coalesce(createdate, created_at) as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
