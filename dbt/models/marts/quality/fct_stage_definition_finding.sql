with

findings as (

    select * from {{ ref('stg_quality__findings') }}
    where first_seen_at <= {{ as_of() }}

),

touched_opportunities as (

    select
        finding_opportunities.finding_key,
        count(*) as touched_count,
        coalesce(sum(case when dim_opportunity.is_open then dim_opportunity.amount end), 0) as touched_open_amount
    from {{ ref('stg_quality__finding_opportunities') }} as finding_opportunities
    inner join {{ ref('dim_opportunity') }} as dim_opportunity
        on finding_opportunities.opportunity_id = dim_opportunity.opportunity_id
    where
        not dim_opportunity.is_deleted
        and dim_opportunity.is_primary_record
    group by finding_opportunities.finding_key

),

dq_check as (

    select * from {{ ref('dq_check') }}

),

stage_definition_findings as (

    select
        findings.finding_key,
        findings.check_id,
        dq_check.check_name,
        findings.severity,
        findings.policy,
        findings.crm,
        findings.pipeline_id,
        findings.source_stage_id,
        findings.stage_key,
        findings.entity_type,
        findings.entity_id,
        findings.owner_id,
        findings.observed,
        findings.expected,
        findings.action,
        findings.opportunity_count,
        findings.open_amount,
        cast(coalesce(touched_opportunities.touched_count, 0) as bigint) as touched_opportunity_count,
        cast(coalesce(touched_opportunities.touched_open_amount, 0) as decimal(18, 2)) as touched_open_amount,
        findings.evidence,
        findings.first_seen_at,
        least(findings.last_seen_at, {{ as_of() }}) as last_seen_at,
        case when findings.resolved_at <= {{ as_of() }} then findings.resolved_at end as resolved_at,
        case when findings.resolved_at <= {{ as_of() }} then 'resolved' else 'open' end as status,
        {{ decimal_days(
            'findings.first_seen_at',
            'case when findings.resolved_at <= ' ~ as_of() ~ ' then findings.resolved_at else ' ~ as_of() ~ ' end'
        ) }} as open_days
    from findings
    left join dq_check
        on findings.check_id = dq_check.check_id
    left join touched_opportunities
        on findings.finding_key = touched_opportunities.finding_key

)

select * from stage_definition_findings
