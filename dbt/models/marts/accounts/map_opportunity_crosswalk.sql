with

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

int_opportunity_records as (

    select * from {{ ref('int_opportunity_records') }}

),

int_accounts_conformed as (

    select * from {{ ref('int_accounts_conformed') }}

),

salesforce_records as (

    select
        dim_opportunity.*,
        'hubspot:' || nullif(int_opportunity_records.crosswalk_source_id, '') as named_opportunity_id
    from dim_opportunity
    inner join int_opportunity_records
        on dim_opportunity.opportunity_id = int_opportunity_records.opportunity_id
    where dim_opportunity.crm = 'salesforce'

),

hubspot_records as (

    select
        dim_opportunity.*,
        'salesforce:' || nullif(int_opportunity_records.crosswalk_source_id, '') as named_opportunity_id
    from dim_opportunity
    inner join int_opportunity_records
        on dim_opportunity.opportunity_id = int_opportunity_records.opportunity_id
    where dim_opportunity.crm = 'hubspot'

),

named_pairs as (

    select
        opportunity_id as salesforce_opportunity_id,
        crosswalk_opportunity_id as hubspot_opportunity_id,
        true as is_applied
    from salesforce_records
    where crosswalk_opportunity_id is not null
    union
    select
        crosswalk_opportunity_id as salesforce_opportunity_id,
        opportunity_id as hubspot_opportunity_id,
        true as is_applied
    from hubspot_records
    where crosswalk_opportunity_id is not null

),

-- nobody says that these are one deal: they are told, and counted as two
candidate_pairs as (

    select
        salesforce_records.opportunity_id as salesforce_opportunity_id,
        hubspot_records.opportunity_id as hubspot_opportunity_id,
        false as is_applied
    from salesforce_records
    inner join int_accounts_conformed
        on salesforce_records.account_id = int_accounts_conformed.account_id
    inner join hubspot_records
        on
            int_accounts_conformed.crosswalk_id = hubspot_records.account_id
            and salesforce_records.amount_original = hubspot_records.amount_original
            and salesforce_records.currency_code = hubspot_records.currency_code
    where
        salesforce_records.crosswalk_opportunity_id is null
        and hubspot_records.crosswalk_opportunity_id is null
        and not salesforce_records.is_deleted
        and not hubspot_records.is_deleted
        and abs({{ whole_days('salesforce_records.close_date', 'hubspot_records.close_date') }})
        <= {{ var('crosswalk_candidate_days') }}

),

pairs as (

    select * from named_pairs
    union all
    select * from candidate_pairs

),

pairs_with_records as (

    select
        pairs.salesforce_opportunity_id,
        pairs.hubspot_opportunity_id,
        pairs.is_applied,
        case
            when not pairs.is_applied then 'same_account_amount_and_close_date'
            when
                salesforce_records.named_opportunity_id = pairs.hubspot_opportunity_id
                and hubspot_records.named_opportunity_id = pairs.salesforce_opportunity_id
                then 'each_names_the_other'
            when salesforce_records.named_opportunity_id = pairs.hubspot_opportunity_id then 'salesforce_names_hubspot'
            else 'hubspot_names_salesforce'
        end as match_rule,
        case
            when not pairs.is_applied then null
            when salesforce_records.is_deleted and hubspot_records.is_deleted then null
            when salesforce_records.is_deleted then pairs.hubspot_opportunity_id
            when hubspot_records.is_deleted then pairs.salesforce_opportunity_id
            else '{{ var("primary_crm") }}' || ':' || case '{{ var("primary_crm") }}'
                when 'salesforce' then salesforce_records.source_id
                else hubspot_records.source_id
            end
        end as counted_opportunity_id,
        count(*) over (partition by pairs.salesforce_opportunity_id) > 1
        or count(*) over (partition by pairs.hubspot_opportunity_id) > 1 as is_ambiguous,
        not salesforce_records.is_deleted and not hubspot_records.is_deleted as is_living_in_both,
        (salesforce_records.outcome_class is distinct from hubspot_records.outcome_class) as has_other_outcome,
        (salesforce_records.canonical_stage is distinct from hubspot_records.canonical_stage) as has_other_stage,
        (
            salesforce_records.amount_original is distinct from hubspot_records.amount_original
            or salesforce_records.currency_code <> hubspot_records.currency_code
        ) as has_other_amount,
        (salesforce_records.close_date is distinct from hubspot_records.close_date) as has_other_close_date,
        cast(salesforce_records.amount - hubspot_records.amount as decimal(18, 2)) as amount_difference
    from pairs
    inner join salesforce_records
        on pairs.salesforce_opportunity_id = salesforce_records.opportunity_id
    inner join hubspot_records
        on pairs.hubspot_opportunity_id = hubspot_records.opportunity_id

),

crosswalk as (

    select
        {{ surrogate_key(['salesforce_opportunity_id', 'hubspot_opportunity_id']) }} as crosswalk_key,
        salesforce_opportunity_id,
        hubspot_opportunity_id,
        match_rule,
        cast(
            case match_rule
                when 'each_names_the_other' then 1
                when 'same_account_amount_and_close_date' then 0.5
                else 0.9
            end as decimal(5, 4)
        ) as confidence,
        is_applied,
        counted_opportunity_id,
        is_ambiguous,
        is_living_in_both,
        has_other_outcome,
        has_other_stage,
        has_other_amount,
        has_other_close_date,
        amount_difference,
        cast(
            case when has_other_outcome then 1 else 0 end
            + case when has_other_stage then 1 else 0 end
            + case when has_other_amount then 1 else 0 end
            + case when has_other_close_date then 1 else 0 end as integer
        ) as disagreement_count
    from pairs_with_records

)

select * from crosswalk
