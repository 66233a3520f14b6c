with

agg_rep_quarter_gap as (

    select * from {{ ref('agg_rep_quarter_gap') }}

),

agg_rep_year_rates as (

    select * from {{ ref('agg_rep_year_rates') }}

),

bridge_user_hierarchy as (

    select * from {{ ref('bridge_user_hierarchy') }}
    where hierarchy = 'manager'

),

managers as (

    select distinct ancestor_key
    from bridge_user_hierarchy
    where depth > 0

),

members as (

    select
        'user' as scope,
        user_key,
        user_key as member_key
    from agg_rep_quarter_gap
    union
    -- a team is everyone below a manager, with what the manager sells; who manages nobody has none
    select
        'team' as scope,
        bridge_user_hierarchy.ancestor_key as user_key,
        bridge_user_hierarchy.descendant_key as member_key
    from bridge_user_hierarchy
    inner join managers
        on bridge_user_hierarchy.ancestor_key = managers.ancestor_key

),

gaps as (

    select
        members.scope,
        members.user_key,
        agg_rep_quarter_gap.fiscal_quarter,
        agg_rep_quarter_gap.fiscal_quarter_start_date,
        count(*) as rep_count,
        count(agg_rep_quarter_gap.quota_amount) as quota_count,
        sum(agg_rep_quarter_gap.quota_amount) as quota_amount,
        sum(agg_rep_quarter_gap.won_amount) as won_amount,
        sum(agg_rep_quarter_gap.weighted_amount) as weighted_amount
    from members
    inner join agg_rep_quarter_gap
        on members.member_key = agg_rep_quarter_gap.user_key
    group by
        members.scope,
        members.user_key,
        agg_rep_quarter_gap.fiscal_quarter,
        agg_rep_quarter_gap.fiscal_quarter_start_date

),

rates as (

    select
        members.scope,
        members.user_key,
        sum(agg_rep_year_rates.won_amount) as year_won_amount,
        sum(agg_rep_year_rates.won_with_amount_count) as won_with_amount_count,
        sum(agg_rep_year_rates.won_count) as won_count,
        sum(agg_rep_year_rates.closed_count) as closed_count,
        sum(agg_rep_year_rates.lead_count) as lead_count,
        sum(agg_rep_year_rates.converted_lead_count) as converted_lead_count
    from members
    inner join agg_rep_year_rates
        on members.member_key = agg_rep_year_rates.user_key
    group by
        members.scope,
        members.user_key

),

company as (

    select
        sum(won_amount) as year_won_amount,
        sum(won_with_amount_count) as won_with_amount_count,
        sum(won_count) as won_count,
        sum(closed_count) as closed_count,
        sum(lead_count) as lead_count,
        sum(converted_lead_count) as converted_lead_count
    from agg_rep_year_rates

),

gaps_with_basis as (

    select
        gaps.*,
        rates.year_won_amount,
        rates.won_with_amount_count,
        rates.won_count,
        rates.closed_count,
        rates.lead_count,
        rates.converted_lead_count,
        cast(gaps.quota_amount - gaps.won_amount - gaps.weighted_amount as decimal(18, 2)) as gap_amount,
        coalesce(
            rates.won_with_amount_count >= {{ var('prospects_min_won') }}
            and rates.closed_count >= {{ var('prospects_min_closed') }},
            false
        ) as has_own_deals,
        coalesce(
            rates.lead_count >= {{ var('prospects_min_leads') }} and rates.converted_lead_count > 0, false
        ) as has_own_leads
    from gaps
    left join rates
        on
            gaps.scope = rates.scope
            and gaps.user_key = rates.user_key

),

inputs as (

    select
        gaps_with_basis.scope,
        gaps_with_basis.user_key,
        gaps_with_basis.fiscal_quarter,
        gaps_with_basis.fiscal_quarter_start_date,
        gaps_with_basis.rep_count,
        gaps_with_basis.quota_count,
        gaps_with_basis.quota_amount,
        gaps_with_basis.won_amount,
        gaps_with_basis.weighted_amount,
        gaps_with_basis.gap_amount,
        case when gaps_with_basis.has_own_deals then 'own' else 'company' end as deal_basis,
        case when gaps_with_basis.has_own_leads then 'own' else 'company' end as lead_basis,
        {% for column in ['year_won_amount', 'won_with_amount_count', 'won_count', 'closed_count'] -%}
            case
                when gaps_with_basis.has_own_deals then gaps_with_basis.{{ column }} else company.{{ column }}
            end as {{ column }},
        {% endfor -%}
        {% for column in ['lead_count', 'converted_lead_count'] -%}
            case
                when gaps_with_basis.has_own_leads then gaps_with_basis.{{ column }} else company.{{ column }}
            end as {{ column }}
            {%- if not loop.last %},{% endif %}
        {% endfor -%}
    from gaps_with_basis
    cross join company

),

-- in one fraction, so that no rounded rate pushes a whole number up
needs as (

    select
        *,
        case
            when gap_amount <= 0 then 0
            else ceil({{ safe_divide('gap_amount * won_with_amount_count', 'year_won_amount') }})
        end as deals_needed,
        case
            when gap_amount <= 0 then 0
            else
                ceil({{ safe_divide(
                    'gap_amount * won_with_amount_count * closed_count', 'year_won_amount * won_count'
                ) }})
        end as prospects_needed
    from inputs

),

prospects as (

    select
        {{ surrogate_key(['scope', 'user_key', 'fiscal_quarter']) }} as prospects_needed_key,
        scope,
        user_key,
        fiscal_quarter,
        fiscal_quarter_start_date,
        cast(rep_count as integer) as rep_count,
        cast(quota_count as integer) as quota_count,
        cast(quota_amount as decimal(18, 2)) as quota_amount,
        cast(won_amount as decimal(18, 2)) as won_amount,
        cast(weighted_amount as decimal(18, 2)) as weighted_amount,
        gap_amount,
        case
            when gap_amount is null then 'no_quota'
            when gap_amount <= 0 then 'met'
            when prospects_needed is null then 'no_rate'
            else 'open'
        end as gap_status,
        deal_basis,
        lead_basis,
        cast(year_won_amount as decimal(18, 2)) as year_won_amount,
        cast(won_with_amount_count as integer) as won_with_amount_count,
        cast({{ safe_divide('year_won_amount', 'won_with_amount_count') }} as decimal(18, 2)) as average_won_amount,
        cast(won_count as integer) as won_count,
        cast(closed_count as integer) as closed_count,
        {{ safe_divide('won_count', 'closed_count') }} as win_rate,
        cast(converted_lead_count as integer) as converted_lead_count,
        cast(lead_count as integer) as lead_count,
        {{ safe_divide('converted_lead_count', 'lead_count') }} as lead_conversion_rate,
        cast(deals_needed as integer) as deals_needed,
        cast(prospects_needed as integer) as prospects_needed,
        cast(
            ceil({{ safe_divide('prospects_needed * lead_count', 'converted_lead_count') }}) as integer
        ) as leads_needed
    from needs

)

select * from prospects
