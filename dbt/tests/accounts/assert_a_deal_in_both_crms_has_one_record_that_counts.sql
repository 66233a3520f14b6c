-- Of the two records of a deal, the one that the crosswalk names counts and the other one does not.

with

map_opportunity_crosswalk as (

    select * from {{ ref('map_opportunity_crosswalk') }}
    where
        is_applied
        and counted_opportunity_id is not null

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

counted_records as (

    select
        map_opportunity_crosswalk.crosswalk_key,
        sum(
            case when dim_opportunity.is_primary_record and not dim_opportunity.is_deleted then 1 else 0 end
        ) as counted_record_count,
        max(
            case
                when dim_opportunity.is_primary_record and not dim_opportunity.is_deleted
                    then dim_opportunity.opportunity_id
            end
        ) as counted_record_id
    from map_opportunity_crosswalk
    inner join dim_opportunity
        on
            dim_opportunity.opportunity_id in (
                map_opportunity_crosswalk.salesforce_opportunity_id, map_opportunity_crosswalk.hubspot_opportunity_id
            )
    group by map_opportunity_crosswalk.crosswalk_key

)

select
    map_opportunity_crosswalk.crosswalk_key,
    map_opportunity_crosswalk.counted_opportunity_id,
    counted_records.counted_record_count
from map_opportunity_crosswalk
inner join counted_records
    on map_opportunity_crosswalk.crosswalk_key = counted_records.crosswalk_key
where
    counted_records.counted_record_count <> 1
    or counted_records.counted_record_id <> map_opportunity_crosswalk.counted_opportunity_id
