with

source as (

    {{ source_versions('salesforce', 'opportunity') }}

),

renamed as (

    select

        ---------- ids
        id as source_id,
        accountid as source_account_id,
        ownerid as source_owner_id,
        recordtypeid as source_record_type_id,
        'default' as pipeline_id,
        stagename as source_stage_id,
        hubspot_deal_id__c as crosswalk_source_id,

        ---------- strings
        name as opportunity_name,
        type as opportunity_type,
        leadsource as lead_source,
        nextstep as next_step,
        forecastcategory as forecast_category_raw,
        loss_reason__c as loss_reason_raw,
        competitor__c as competitor,
        currencyisocode as currency_code,

        ---------- numerics
        cast(amount as decimal(18, 2)) as amount_original,
        cast(probability / 100 as decimal(5, 4)) as win_probability,

        ---------- booleans
        isclosed as is_closed_flag,
        iswon as is_won_flag,
        coalesce(_is_deleted, false) as is_deleted,

        ---------- dates and timestamps
        closedate as close_date,
        lastactivitydate as last_activity_date,
        createddate as created_at,
        _deleted_at as deleted_at,
        _modified_at as source_modified_at,
        _valid_from as valid_from,
        _valid_to as valid_to

    from source

)

select * from renamed
