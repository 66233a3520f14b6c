{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'mart_fingerprint']) }}

with

int_opportunity_versions as (

    select * from {{ ref('int_opportunity_versions') }}
    {{ touched_only() }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

int_untrusted_opportunities as (

    select * from {{ ref('int_untrusted_opportunities') }}
    {{ touched_only() }}

),

versions as (

    select
        {{ surrogate_key(['int_opportunity_versions.opportunity_id', 'int_opportunity_versions.version_no']) }}
            as opportunity_version_key,
        {{ surrogate_key(['int_opportunity_versions.opportunity_id']) }} as opportunity_key,
        int_opportunity_versions.opportunity_id,
        int_opportunity_versions.crm,
        int_opportunity_versions.version_no,
        int_opportunity_versions.valid_from,
        int_opportunity_versions.valid_to,
        int_opportunity_versions.pipeline_id,
        int_opportunity_versions.source_stage_id,
        int_opportunity_versions.stage_key,
        int_opportunity_versions.canonical_stage,
        not int_opportunity_versions.is_closed as is_open,
        int_opportunity_versions.is_won,
        int_opportunity_versions.is_closed and not int_opportunity_versions.is_won as is_lost,
        int_opportunity_versions.amount,
        int_opportunity_versions.amount_original,
        int_opportunity_versions.currency_code,
        int_opportunity_versions.fx_rate,
        int_opportunity_versions.win_probability,
        int_opportunity_versions.stage_default_probability,
        {{ weighted('int_opportunity_versions.amount', 'int_opportunity_versions.win_probability') }}
            as weighted_amount,
        {{ weighted('int_opportunity_versions.amount', 'int_opportunity_versions.stage_default_probability') }}
            as default_weighted_amount,
        int_opportunity_versions.forecast_category,
        int_opportunity_versions.forecast_category_rule,
        int_opportunity_versions.close_date,
        int_opportunity_versions.owner_id,
        owners.user_key as owner_key,
        int_opportunity_versions.changed_by,
        int_opportunity_versions.change_source,
        int_opportunity_versions.is_first,
        int_opportunity_versions.is_current,
        int_untrusted_opportunities.opportunity_id is null as is_stage_trusted,
        int_untrusted_opportunities.untrusted_finding_keys
    from int_opportunity_versions
    left join int_users_conformed as owners
        on int_opportunity_versions.owner_id = owners.user_id
    left join int_untrusted_opportunities
        on int_opportunity_versions.opportunity_id = int_untrusted_opportunities.opportunity_id

)

select * from versions
