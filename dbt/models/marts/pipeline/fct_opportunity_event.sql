{{ config(materialized='by_key', fingerprint=['int_opportunity_mart_fingerprints', 'mart_fingerprint']) }}

with

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}
    {{ touched_only() }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}
    {{ touched_only() }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

versions_with_previous as (

    select
        opportunity_key,
        opportunity_id,
        crm,
        pipeline_id,
        version_no,
        valid_from,
        valid_to,
        stage_key,
        source_stage_id,
        canonical_stage,
        is_open,
        is_won,
        is_lost,
        -- in the deal's own currency: another rate is no edit
        amount_original,
        amount,
        currency_code,
        fx_rate,
        close_date,
        win_probability,
        forecast_category,
        owner_id,
        owner_key,
        change_source,
        changed_by,
        is_stage_trusted,
        untrusted_finding_keys,
        lag(version_no) over versions_of_opportunity as previous_version_no,
        lag(pipeline_id) over versions_of_opportunity as previous_pipeline_id,
        lag(stage_key) over versions_of_opportunity as previous_stage_key,
        lag(source_stage_id) over versions_of_opportunity as previous_source_stage_id,
        lag(canonical_stage) over versions_of_opportunity as previous_canonical_stage,
        lag(is_open) over versions_of_opportunity as previous_is_open,
        lag(is_won) over versions_of_opportunity as previous_is_won,
        lag(amount) over versions_of_opportunity as previous_amount,
        lag(amount_original) over versions_of_opportunity as previous_amount_original,
        lag(currency_code) over versions_of_opportunity as previous_currency_code,
        lag(close_date) over versions_of_opportunity as previous_close_date,
        lag(win_probability) over versions_of_opportunity as previous_win_probability,
        lag(forecast_category) over versions_of_opportunity as previous_forecast_category,
        lag(owner_id) over versions_of_opportunity as previous_owner_id,
        lead(version_no) over versions_of_opportunity is null and not is_current as ends_with_deletion
    from fct_opportunity_version
    window
        versions_of_opportunity as (
            partition by opportunity_id
            order by version_no
        )

),

-- one branch per field keeps the rows that changed, before anything multiplies them
changes as (

    select
        *,
        'record' as field_name,
        valid_from as changed_at,
        false as is_deletion
    from versions_with_previous
    where previous_version_no is null
    {%- for field_name, column in [
        ('pipeline', 'pipeline_id'),
        ('stage', 'stage_key'),
        ('amount', 'amount_original'),
        ('close_date', 'close_date'),
        ('win_probability', 'win_probability'),
        ('forecast_category', 'forecast_category'),
        ('owner', 'owner_id'),
    ] %}
        union all
        select
            *,
            '{{ field_name }}' as field_name,
            valid_from as changed_at,
            false as is_deletion
        from versions_with_previous
        where
            previous_version_no is not null
            and {{ column }} is distinct from previous_{{ column }}
    {%- endfor %}
    union all
    select
        *,
        'record' as field_name,
        valid_to as changed_at,
        true as is_deletion
    from versions_with_previous
    where ends_with_deletion

),

changes_with_values as (

    select
        *,
        case field_name
            when 'record' then case when is_deletion then 'existing' end
            when 'pipeline' then previous_pipeline_id
            when 'stage' then previous_source_stage_id
            when 'amount' then cast(previous_amount_original as {{ dbt.type_string() }})
            when 'close_date' then cast(previous_close_date as {{ dbt.type_string() }})
            when 'win_probability' then cast(previous_win_probability as {{ dbt.type_string() }})
            when 'forecast_category' then previous_forecast_category
            when 'owner' then previous_owner_id
        end as old_value,
        case field_name
            when 'record' then case when not is_deletion then 'existing' end
            when 'pipeline' then pipeline_id
            when 'stage' then source_stage_id
            when 'amount' then cast(amount_original as {{ dbt.type_string() }})
            when 'close_date' then cast(close_date as {{ dbt.type_string() }})
            when 'win_probability' then cast(win_probability as {{ dbt.type_string() }})
            when 'forecast_category' then forecast_category
            when 'owner' then owner_id
        end as new_value,
        -- in the field's own unit: canonical stages, money, days, probability, categories
        case field_name
            when 'stage' then canonical_stage - previous_canonical_stage
            when 'amount'
                then
                    case
                        when (currency_code is distinct from previous_currency_code) then amount - previous_amount
                        else amount_original - previous_amount_original
                    end
            when 'close_date' then {{ whole_days('previous_close_date', 'close_date') }}
            when 'win_probability' then win_probability - previous_win_probability
            when 'forecast_category'
                then
                    {{ forecast_category_rank('forecast_category') }}
                    - {{ forecast_category_rank('previous_forecast_category') }}
        end as delta
    from changes

),

events as (

    select
        {{ surrogate_key([
            'changes.opportunity_id', 'changes.version_no', 'changes.field_name', 'changes.is_deletion',
        ]) }} as opportunity_event_key,
        changes.opportunity_key,
        changes.opportunity_id,
        changes.crm,
        changes.pipeline_id,
        changes.version_no,
        changes.changed_at,
        {{ reporting_day('changes.changed_at') }} as changed_date,
        changes.field_name,
        changes.old_value,
        changes.new_value,
        cast(
            case when changes.field_name = 'amount' then changes.amount - changes.previous_amount end
            as decimal(18, 2)
        ) as amount_delta,
        cast(
            case
                when (changes.currency_code is distinct from changes.previous_currency_code) then null
                when changes.field_name = 'amount' then changes.delta
            end as decimal(18, 2)
        ) as amount_original_delta,
        changes.currency_code,
        cast(case when changes.field_name = 'close_date' then changes.delta end as integer) as days_delta,
        cast(case when changes.field_name = 'win_probability' then changes.delta end as decimal(5, 4))
            as probability_delta,
        cast(case when changes.field_name = 'stage' then changes.delta end as integer) as stage_delta,
        case
            when changes.is_deletion then 'deleted'
            when changes.field_name = 'record' then 'created'
            when changes.field_name in ('pipeline', 'owner') then 'moved'
            when changes.field_name <> 'stage' and changes.old_value is null then 'set'
            when changes.field_name <> 'stage' and changes.new_value is null then 'cleared'
            when changes.field_name = 'stage' and changes.is_won and not changes.previous_is_won then 'won'
            when
                changes.field_name = 'stage'
                and changes.is_lost
                and (changes.previous_is_open or changes.previous_is_won)
                then 'lost'
            when changes.field_name = 'stage' and changes.is_open and not changes.previous_is_open then 'reopened'
            when changes.delta > 0 then 'up'
            when changes.delta < 0 then 'down'
            else 'lateral'
        end as direction,
        changes.amount,
        changes.amount_original,
        changes.fx_rate,
        changes.is_open,
        case when not changes.is_deletion then changes.changed_by end as changed_by,
        case when not changes.is_deletion then changers.user_key end as changed_by_key,
        changes.owner_id,
        changes.owner_key,
        changes.change_source,
        {{ counts_at('changes.changed_at') }} as is_primary_record,
        changes.is_stage_trusted,
        changes.untrusted_finding_keys
    from changes_with_values as changes
    inner join dim_opportunity
        on changes.opportunity_id = dim_opportunity.opportunity_id
    left join int_users_conformed as changers
        on changes.changed_by = changers.user_id

)

select * from events
