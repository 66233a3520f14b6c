with

int_opportunities_since as (

    select * from {{ ref('int_opportunities_since') }}

),

dim_stage as (

    select * from {{ ref('dim_stage') }}
    where is_current

),

dim_user as (

    select * from {{ ref('dim_user') }}
    where is_current

),

states as (

    select
        *,
        coalesce(amount, 0) - coalesce(amount_before, 0) as amount_change,
        -- the same money at another exchange rate is no edit
        coalesce(amount_original, 0) <> coalesce(amount_original_before, 0)
        or (currency_code is distinct from currency_code_before) as is_amount_edited,
        {{ whole_days('close_date_before', 'close_date') }} as close_date_moved_days,
        {{ forecast_category_rank('forecast_category') }}
        - {{ forecast_category_rank('forecast_category_before') }} as forecast_category_change,
        case when is_open and not is_deleted then coalesce(amount, 0) else 0 end as open_amount,
        case when was_open and not is_newly_primary then coalesce(amount_before, 0) else 0 end as open_amount_before,
        case when is_open and not is_deleted then coalesce(weighted_amount, 0) else 0 end as open_weighted_amount,
        case when was_open and not is_newly_primary then coalesce(weighted_amount_before, 0) else 0 end
            as open_weighted_amount_before
    from int_opportunities_since
    -- created and deleted in between: nobody has missed it
    where existed_before or not is_deleted

),

-- one movement per deal: what changes the result of a quarter comes first
movements as (

    select
        *,
        case
            when is_deleted then 'deleted'
            when is_won and not coalesce(was_won, false) then 'won'
            when is_lost and not coalesce(was_lost, false) then outcome_class
            when not existed_before then 'created'
            when is_open and not was_open then 'reopened'
            when not is_open and amount_change <> 0 then 'corrected'
            when not is_open then null
            when is_newly_primary then 'took_over'
            when close_fiscal_quarter > close_fiscal_quarter_before then 'slipped'
            when is_amount_edited and amount_change < 0 then 'decreased'
            when is_amount_edited and amount_change > 0 then 'increased'
            when forecast_category_before = 'commit' and forecast_category_change < 0 then 'left_commit'
            when forecast_category = 'commit' and forecast_category_change > 0 then 'entered_commit'
            when close_date_moved_days > 0 then 'pushed'
            when close_date_moved_days < 0 then 'pulled_in'
            when (owner_key is distinct from owner_key_before) then 'transferred'
            when canonical_stage < canonical_stage_before then 'moved_back'
            when stage_key <> stage_key_before then 'moved_on'
            when forecast_category_change <> 0 then 'recategorized'
            when amount_change <> 0 then 'revalued'
        end as movement
    from states

),

movements_with_money as (

    select
        *,
        case
            when movement in ('slipped', 'left_commit', 'entered_commit') then coalesce(amount, 0)
            when movement in ('increased', 'decreased', 'corrected', 'revalued') then abs(amount_change)
            when movement in ('pushed', 'pulled_in', 'transferred', 'moved_back', 'moved_on', 'recategorized')
                then abs(open_weighted_amount - open_weighted_amount_before)
            else coalesce(amount, 0)
        end as amount_moved
    from movements
    where movement is not null

),

moved_opportunities as (

    select
        movements_with_money.*,
        coalesce(dim_stage.source_label, 'an unknown stage') as stage_label,
        coalesce(stages_before.source_label, 'an unknown stage') as stage_label_before,
        dim_user.full_name as owner_name,
        owners_before.full_name as owner_name_before
    from movements_with_money
    left join dim_stage
        on movements_with_money.stage_key = dim_stage.stage_key
    left join dim_stage as stages_before
        on movements_with_money.stage_key_before = stages_before.stage_key
    left join dim_user
        on movements_with_money.owner_key = dim_user.user_key
    left join dim_user as owners_before
        on movements_with_money.owner_key_before = owners_before.user_key

),

-- what a deal that goes on has changed in, each clause null where it has not
clauses as (

    select
        *,
        case
            when not existed_before then null
            when not is_amount_edited and amount_change <> 0
                then
                    'is worth ' || {{ money_text('abs(amount_change)') }}
                    || case when amount_change > 0 then ' more' else ' less' end || ' at another rate'
            when amount_change < 0
                then
                    'was cut by ' || {{ money_text('-amount_change') }}
                    || ' from ' || {{ money_text('amount_before') }}
            when amount_change > 0 and amount_before is null then 'got an amount'
            when amount_change > 0
                then 'grew by ' || {{ money_text('amount_change') }} || ' from ' || {{ money_text('amount_before') }}
        end as amount_clause,
        case
            when movement = 'slipped'
                then
                    'slipped from ' || close_fiscal_quarter_before || ' to ' || close_fiscal_quarter || ': due '
                    || close_date || ' instead of ' || close_date_before
            when close_date_moved_days <> 0
                then
                    case when close_date_moved_days > 0 then 'was pushed by ' else 'was pulled in by ' end
                    || abs(close_date_moved_days) || case abs(close_date_moved_days) when 1 then ' day' else ' days' end
                    || ' to ' || close_date
        end as close_date_clause,
        case
            when forecast_category_change < 0
                then
                    'went down from ' || replace(forecast_category_before, '_', ' ')
                    || ' to ' || replace(forecast_category, '_', ' ')
            when forecast_category_change > 0
                then
                    'went up from ' || replace(forecast_category_before, '_', ' ')
                    || ' to ' || replace(forecast_category, '_', ' ')
        end as category_clause,
        case
            when (owner_key is distinct from owner_key_before)
                then 'was taken over from ' || coalesce(owner_name_before, 'an unknown owner')
        end as owner_clause,
        case
            when stage_key <> stage_key_before and canonical_stage < canonical_stage_before
                then 'fell back from ' || stage_label_before || ' to ' || stage_label
            when stage_key <> stage_key_before then 'moved from ' || stage_label_before || ' to ' || stage_label
        end as stage_clause,
        case when forecast_category_before = 'commit' and was_open then '; it stood in commit' else '' end
            as commit_clause
    from moved_opportunities

),

sentences as (

    select
        *,
        coalesce(opportunity_name, opportunity_id) || ' (' || coalesce(owner_name, 'no known owner') || ', '
        || {{ money_text('amount') }} || ') '
        || case movement
            when 'deleted' then 'was deleted' || commit_clause
            when 'won' then 'was won' || coalesce('; it ' || amount_clause, '')
            when 'lost_competitor' then 'was lost to a competitor' || commit_clause
            when 'no_decision' then 'ended without a decision' || commit_clause
            when 'lost_other' then 'was lost for another reason' || commit_clause
            when 'lost_unknown' then 'was lost, and nobody has said why' || commit_clause
            when 'created' then 'is new' || coalesce(', due ' || close_date, '')
            when 'reopened' then 'was reopened' || coalesce(', due ' || close_date, '')
            when 'took_over' then 'counts now, since the record of it in the other CRM was deleted'
            when 'corrected' then 'is closed and ' || amount_clause
            else
                substring(
                    coalesce(', ' || case when movement = 'slipped' then close_date_clause end, '')
                    || coalesce(', ' || amount_clause, '')
                    || coalesce(', ' || category_clause, '')
                    || coalesce(', ' || case when movement <> 'slipped' then close_date_clause end, '')
                    || coalesce(', ' || owner_clause, '')
                    || coalesce(', ' || stage_clause, ''),
                    3
                )
        end || '.' as sentence
    from clauses

),

digest as (

    select
        {{ surrogate_key(['since_kind', 'opportunity_id']) }} as pipeline_digest_key,
        since_kind,
        since_at,
        as_of,
        cast(
            row_number() over (
                partition by since_kind, is_primary_record
                order by amount_moved desc, opportunity_id asc
            ) as integer
        ) as digest_rank,
        sentence,
        movement,
        cast(amount_moved as decimal(18, 2)) as amount_moved,
        cast(open_amount - open_amount_before as decimal(18, 2)) as open_amount_delta,
        cast(open_weighted_amount - open_weighted_amount_before as decimal(18, 2)) as weighted_amount_delta,
        opportunity_key,
        opportunity_id,
        opportunity_name,
        crm,
        pipeline_id,
        owner_key,
        owner_name,
        owner_key_before,
        owner_name_before,
        amount,
        amount_original,
        currency_code,
        fx_rate,
        amount_before,
        amount_original_before,
        currency_code_before,
        fx_rate_before,
        close_date,
        close_date_before,
        close_fiscal_quarter,
        close_fiscal_quarter_before,
        forecast_category,
        forecast_category_before,
        stage_label,
        stage_label_before,
        is_primary_record,
        is_stage_trusted,
        untrusted_finding_keys
    from sentences

)

select * from digest
