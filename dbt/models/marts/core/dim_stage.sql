with

int_stages_conformed as (

    select * from {{ ref('int_stages_conformed') }}

),

int_stage_definition_versions as (

    select * from {{ ref('int_stage_definition_versions') }}

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

last_ends as (

    select
        stage_key,
        max(valid_to) as gone_at
    from int_stage_definition_versions
    group by stage_key

),

{% set definition = [
    'pipeline_label', 'source_label', 'stage_order', 'default_probability', 'forecast_category', 'is_active'
] %}
-- a stage that is gone, or was never there, is known from its deals alone
definitions as (

    select
        stage_key,
        {{ definition | join(',\n        ') }},
        true as is_in_metadata,
        valid_from,
        valid_to,
        {{ surrogate_key(definition) }} as definition_key
    from int_stage_definition_versions
    union all
    select
        int_stages_conformed.stage_key,
        {% for column in definition -%}
            int_stages_conformed.{{ column }},
        {% endfor -%}
        false as is_in_metadata,
        coalesce(last_ends.gone_at, {{ beginning_of_time() }}) as valid_from,
        cast(null as timestamp) as valid_to,
        'none' as definition_key
    from int_stages_conformed
    left join last_ends
        on int_stages_conformed.stage_key = last_ends.stage_key
    where not coalesce(int_stages_conformed.is_in_metadata, false)

),

definitions_with_previous as (

    select
        *,
        lag(definition_key) over (
            partition by stage_key
            order by valid_from
        ) as previous_definition_key
    from definitions

),

definition_periods as (

    select
        *,
        lead(valid_from) over (
            partition by stage_key
            order by valid_from
        ) as next_valid_from
    from definitions_with_previous
    where
        previous_definition_key is null
        or previous_definition_key <> definition_key

),

stages_by_validity as (

    select
        int_stages_conformed.stage_key,
        int_stages_conformed.crm,
        int_stages_conformed.pipeline_id,
        definition_periods.pipeline_label,
        int_stages_conformed.source_stage_id,
        definition_periods.source_label,
        definition_periods.stage_order,
        definition_periods.default_probability,
        definition_periods.forecast_category as source_forecast_category,
        int_stage_meanings.mapped_forecast_category,
        -- as for the deals in it, see int_opportunity_versions
        case
            when
                definition_periods.forecast_category is not null
                and int_stage_meanings.uses_forecast_categories
                then 'stage'
            when int_stage_meanings.mapped_forecast_category is not null then 'map'
            when definition_periods.forecast_category is not null then 'stage'
        end as forecast_category_rule,
        definition_periods.is_active,
        definition_periods.is_in_metadata,
        int_stage_meanings.canonical_stage,
        int_stage_meanings.canonical_stage_name,
        coalesce(int_stage_meanings.means_closed, int_stages_conformed.is_closed, false) as is_closed,
        coalesce(int_stage_meanings.means_won, int_stages_conformed.is_won, false) as is_won,
        int_stage_meanings.exit_criteria,
        int_stage_meanings.sla_days,
        int_stage_meanings.map_owner,
        greatest(
            definition_periods.valid_from, coalesce(int_stage_meanings.meaning_from, {{ beginning_of_time() }})
        ) as valid_from,
        nullif(
            least(
                coalesce(definition_periods.next_valid_from, {{ end_of_time() }}),
                coalesce(int_stage_meanings.meaning_to, {{ end_of_time() }})
            ),
            {{ end_of_time() }}
        ) as valid_to,
        int_stages_conformed.opportunity_count,
        int_stages_conformed.open_opportunity_count,
        int_stages_conformed.open_amount,
        coalesce(untrusted_by_stage.untrusted_open_opportunity_count, 0) as untrusted_open_opportunity_count,
        cast(coalesce(untrusted_by_stage.untrusted_open_amount, 0) as decimal(18, 2)) as untrusted_open_amount
    from int_stages_conformed
    inner join definition_periods
        on int_stages_conformed.stage_key = definition_periods.stage_key
    left join untrusted_by_stage
        on int_stages_conformed.stage_key = untrusted_by_stage.stage_key
    left join int_stage_meanings
        on
            int_stages_conformed.stage_key = int_stage_meanings.stage_key
            and definition_periods.valid_from < coalesce(int_stage_meanings.meaning_to, {{ end_of_time() }})
            and coalesce(int_stage_meanings.meaning_from, {{ beginning_of_time() }})
            < coalesce(definition_periods.next_valid_from, {{ end_of_time() }})

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
