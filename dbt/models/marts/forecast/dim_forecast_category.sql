with

forecast_category_names as (

    select * from {{ ref('forecast_category_names') }}

),

int_salesforce_opportunity_records as (

    select * from {{ ref('int_salesforce_opportunity_records') }}

),

int_hubspot_opportunity_records as (

    select * from {{ ref('int_hubspot_opportunity_records') }}

),

names_on_deals as (

    select
        crm,
        forecast_category_raw
    from int_salesforce_opportunity_records
    union all
    select
        crm,
        forecast_category_raw
    from int_hubspot_opportunity_records

),

names_with_use as (

    select
        crm,
        forecast_category_raw as source_name,
        count(*) as opportunity_count
    from names_on_deals
    where forecast_category_raw <> ''
    group by
        crm,
        forecast_category_raw

),

categories as (

    select
        {{ surrogate_key([
            'coalesce(forecast_category_names.crm, names_with_use.crm)',
            'coalesce(forecast_category_names.source_name, names_with_use.source_name)',
        ]) }} as forecast_category_key,
        coalesce(forecast_category_names.crm, names_with_use.crm) as crm,
        coalesce(forecast_category_names.source_name, names_with_use.source_name) as source_name,
        forecast_category_names.forecast_category,
        cast(
            case forecast_category_names.forecast_category
                when 'omitted' then 0
                when 'pipeline' then 1
                when 'best_case' then 2
                when 'commit' then 3
                when 'closed' then 4
            end as integer
        ) as confidence_rank,
        forecast_category_names.forecast_category is not null
        and forecast_category_names.forecast_category in ('best_case', 'commit') as is_forecast,
        case
            when forecast_category_names.source_name is not null then 'mapped'
            else 'unmapped'
        end as mapping_status,
        coalesce(names_with_use.opportunity_count, 0) as opportunity_count
    from forecast_category_names
    full outer join names_with_use
        on
            forecast_category_names.crm = names_with_use.crm
            and forecast_category_names.source_name = names_with_use.source_name

)

select * from categories
