with

int_stages_conformed as (

    select * from {{ ref('int_stages_conformed') }}

),

int_stage_meanings as (

    select * from {{ ref('int_stage_meanings') }}

),

int_opportunities_conformed as (

    select * from {{ ref('int_opportunities_conformed') }}

),

int_untrusted_opportunities as (

    select * from {{ ref('int_untrusted_opportunities') }}

),

untrusted_by_stage as (

    select
        int_opportunities_conformed.stage_key,
        cast(count(*) as integer) as untrusted_open_opportunity_count,
        sum(int_opportunities_conformed.amount) as untrusted_open_amount
    from int_opportunities_conformed
    inner join int_untrusted_opportunities
        on int_opportunities_conformed.opportunity_id = int_untrusted_opportunities.opportunity_id
    where
        not int_opportunities_conformed.is_closed
        and not int_opportunities_conformed.is_deleted
    group by int_opportunities_conformed.stage_key

),

stages_by_validity as (

    select
        int_stages_conformed.stage_key,
        int_stages_conformed.crm,
        int_stages_conformed.pipeline_id,
        int_stages_conformed.pipeline_label,
        int_stages_conformed.source_stage_id,
        int_stages_conformed.source_label,
        int_stages_conformed.stage_order,
        int_stages_conformed.default_probability,
        int_stages_conformed.forecast_category as source_forecast_category,
        int_stage_meanings.mapped_forecast_category,
        -- as for the deals in it, see int_opportunity_versions
        case
            when
                int_stages_conformed.forecast_category is not null
                and int_stage_meanings.uses_forecast_categories
                then 'stage'
            when int_stage_meanings.mapped_forecast_category is not null then 'map'
            when int_stages_conformed.forecast_category is not null then 'stage'
        end as forecast_category_rule,
        int_stages_conformed.is_active,
        int_stages_conformed.is_in_metadata,
        int_stage_meanings.canonical_stage,
        int_stage_meanings.canonical_stage_name,
        coalesce(int_stage_meanings.means_closed, int_stages_conformed.is_closed, false) as is_closed,
        coalesce(int_stage_meanings.means_won, int_stages_conformed.is_won, false) as is_won,
        int_stage_meanings.exit_criteria,
        int_stage_meanings.sla_days,
        int_stage_meanings.map_owner,
        coalesce(int_stage_meanings.meaning_from, cast('1900-01-01' as timestamp)) as valid_from,
        int_stage_meanings.meaning_to as valid_to,
        int_stages_conformed.opportunity_count,
        int_stages_conformed.open_opportunity_count,
        int_stages_conformed.open_amount,
        coalesce(untrusted_by_stage.untrusted_open_opportunity_count, 0) as untrusted_open_opportunity_count,
        cast(coalesce(untrusted_by_stage.untrusted_open_amount, 0) as decimal(18, 2)) as untrusted_open_amount
    from int_stages_conformed
    left join untrusted_by_stage
        on int_stages_conformed.stage_key = untrusted_by_stage.stage_key
    left join int_stage_meanings
        on int_stages_conformed.stage_key = int_stage_meanings.stage_key

),

stages_with_flags as (

    select
        {{ surrogate_key(['stage_key', 'valid_from']) }} as stage_version_key,
        stage_key,
        crm,
        pipeline_id,
        pipeline_label,
        source_stage_id,
        source_label,
        stage_order,
        canonical_stage,
        canonical_stage_name,
        case when canonical_stage is null then 'unmapped' else 'mapped' end as mapping_status,
        default_probability,
        case forecast_category_rule
            when 'stage' then source_forecast_category
            when 'map' then mapped_forecast_category
        end as forecast_category,
        forecast_category_rule,
        source_forecast_category,
        not is_closed as is_open,
        is_won,
        is_closed and not is_won as is_lost,
        is_active,
        is_in_metadata,
        exit_criteria,
        sla_days,
        map_owner,
        valid_from,
        valid_to,
        valid_from <= {{ as_of() }} and (valid_to is null or valid_to > {{ as_of() }}) as is_current,
        opportunity_count,
        open_opportunity_count,
        untrusted_open_opportunity_count,
        open_amount,
        cast(open_amount - untrusted_open_amount as decimal(18, 2)) as trusted_open_amount,
        untrusted_open_amount
    from stages_by_validity

)

select * from stages_with_flags
