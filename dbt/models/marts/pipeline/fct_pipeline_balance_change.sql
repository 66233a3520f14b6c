with

fct_opportunity_version as (

    select * from {{ ref('fct_opportunity_version') }}

),

dim_opportunity as (

    select * from {{ ref('dim_opportunity') }}

),

dim_date as (

    select * from {{ ref('dim_date') }}

),

open_states as (

    select
        fct_opportunity_version.crm,
        fct_opportunity_version.pipeline_id,
        fct_opportunity_version.owner_id,
        fct_opportunity_version.owner_key,
        fct_opportunity_version.stage_key,
        fct_opportunity_version.canonical_stage,
        fct_opportunity_version.forecast_category,
        fct_opportunity_version.amount,
        fct_opportunity_version.weighted_amount,
        fct_opportunity_version.default_weighted_amount,
        fct_opportunity_version.is_stage_trusted,
        fct_opportunity_version.valid_from,
        fct_opportunity_version.valid_to,
        dim_date.fiscal_quarter as close_fiscal_quarter,
        dim_date.fiscal_quarter_start_date as close_fiscal_quarter_start_date,
        dim_opportunity.is_primary_record,
        coalesce(dim_opportunity.primary_since, {{ beginning_of_time() }}) as primary_since
    from fct_opportunity_version
    inner join dim_opportunity
        on fct_opportunity_version.opportunity_id = dim_opportunity.opportunity_id
    left join dim_date
        on fct_opportunity_version.close_date = dim_date.date_day
    where fct_opportunity_version.is_open

),

counted_states as (

    {{ counted_stretches('open_states') }}

),

open_versions as (

    select
        {{ surrogate_key([
            'crm', 'pipeline_id', 'owner_id', 'stage_key', 'canonical_stage', 'forecast_category', 'close_fiscal_quarter',
            'is_counted',
        ]) }} as pipeline_slice_key,
        *
    from counted_states

),

-- a version enters the balance on the day it begins and leaves it on the day it ends
entries_and_exits as (

    select
        pipeline_slice_key,
        {{ reporting_day('counted_from') }} as change_date,
        1 as opportunity_delta,
        amount,
        weighted_amount,
        default_weighted_amount,
        is_stage_trusted
    from open_versions
    union all
    select
        pipeline_slice_key,
        {{ reporting_day('counted_to') }} as change_date,
        -1 as opportunity_delta,
        -amount as amount,
        -weighted_amount as weighted_amount,
        -default_weighted_amount as default_weighted_amount,
        is_stage_trusted
    from open_versions
    where counted_to is not null

),

changes_by_day as (

    select
        pipeline_slice_key,
        change_date,
        sum(opportunity_delta) as opportunity_delta,
        coalesce(sum(amount), 0) as amount_delta,
        coalesce(sum(weighted_amount), 0) as weighted_amount_delta,
        coalesce(sum(default_weighted_amount), 0) as default_weighted_amount_delta,
        sum(case when amount is null then opportunity_delta else 0 end) as without_amount_delta,
        coalesce(sum(case when not is_stage_trusted then amount end), 0) as untrusted_amount_delta
    from entries_and_exits
    group by
        pipeline_slice_key,
        change_date
    -- what came and went on one day, or gave way to its equal, leaves no trace in a balance of days
    having
        sum(opportunity_delta) <> 0
        or coalesce(sum(amount), 0) <> 0
        or coalesce(sum(weighted_amount), 0) <> 0
        or coalesce(sum(default_weighted_amount), 0) <> 0
        or sum(case when amount is null then opportunity_delta else 0 end) <> 0
        or coalesce(sum(case when not is_stage_trusted then amount end), 0) <> 0

),

slices as (

    select distinct
        pipeline_slice_key,
        crm,
        pipeline_id,
        owner_id,
        owner_key,
        stage_key,
        canonical_stage,
        forecast_category,
        close_fiscal_quarter,
        close_fiscal_quarter_start_date,
        is_counted as is_primary_record
    from open_versions

),

-- sorted before the names of the slice are joined, which would be carried through the sort
balances_by_day as (

    select
        *,
        lead(change_date) over days_of_slice as next_change_date,
        sum(opportunity_delta) over days_of_slice as open_opportunity_count,
        sum(amount_delta) over days_of_slice as open_amount,
        sum(weighted_amount_delta) over days_of_slice as weighted_amount,
        sum(default_weighted_amount_delta) over days_of_slice as default_weighted_amount,
        sum(without_amount_delta) over days_of_slice as without_amount_count,
        sum(untrusted_amount_delta) over days_of_slice as untrusted_open_amount
    from changes_by_day
    window
        days_of_slice as (
            partition by pipeline_slice_key
            order by change_date
        )

),

balances as (

    select
        {{ surrogate_key(['balances_by_day.pipeline_slice_key', 'balances_by_day.change_date']) }}
            as pipeline_balance_change_key,
        slices.*,
        balances_by_day.change_date as valid_from_date,
        balances_by_day.next_change_date as valid_to_date,
        cast(balances_by_day.opportunity_delta as integer) as opportunity_delta,
        cast(balances_by_day.amount_delta as decimal(18, 2)) as amount_delta,
        cast(balances_by_day.weighted_amount_delta as decimal(18, 2)) as weighted_amount_delta,
        cast(balances_by_day.default_weighted_amount_delta as decimal(18, 2)) as default_weighted_amount_delta,
        cast(balances_by_day.open_opportunity_count as integer) as open_opportunity_count,
        cast(balances_by_day.open_amount as decimal(18, 2)) as open_amount,
        cast(balances_by_day.weighted_amount as decimal(18, 2)) as weighted_amount,
        cast(balances_by_day.default_weighted_amount as decimal(18, 2)) as default_weighted_amount,
        cast(balances_by_day.without_amount_count as integer) as without_amount_count,
        cast(balances_by_day.untrusted_open_amount as decimal(18, 2)) as untrusted_open_amount
    from balances_by_day
    inner join slices
        on balances_by_day.pipeline_slice_key = slices.pipeline_slice_key

)

select * from balances
