with

findings as (

    select * from {{ ref('stg_quality__findings') }}

),

finding_opportunities as (

    select * from {{ ref('stg_quality__finding_opportunities') }}

),

open_errors_by_opportunity as (

    select
        finding_opportunities.opportunity_id,
        cast(count(*) as integer) as untrusted_finding_count,
        {{ dbt.listagg(
            'findings.finding_key', "','", 'order by findings.check_id, findings.finding_key'
        ) }} as untrusted_finding_keys,
        {{ dbt.listagg(
            'findings.check_id', "','", 'order by findings.check_id, findings.finding_key'
        ) }} as untrusted_check_ids
    from finding_opportunities
    inner join findings
        on finding_opportunities.finding_key = findings.finding_key
    where
        findings.status = 'open'
        and findings.severity = 'error'
    group by finding_opportunities.opportunity_id

)

select * from open_errors_by_opportunity
