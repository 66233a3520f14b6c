"""Salesforce's accounts, contacts and leads, as of the clock."""

import duckdb

from connectors.sandbox.world.storage import upsert


def write_records(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write what changed in the window, and `account_now` for whoever needs accounts later; counts of rows."""
    connection.execute(_ACCOUNT_NOW)
    written = {
        name: upsert(connection, f'salesforce."{name}"', ["Id"], select)
        for name, select in (
            ("Account", _ACCOUNT),
            ("Contact", _CONTACT),
            ("Lead", _LEAD),
        )
    }
    connection.execute(_DELETED)
    connection.execute(_PURGED)
    connection.execute("""
        delete from salesforce."Contact" using plan.contacts as gone
        where "Id" = plan.contact_id(gone.contact_no) and gone.purged_at <= getvariable('hi')""")
    return written


# an account's newest event: made, handed over, first won, merged, or an activity on one of its deals
_ACCOUNT_NOW = """
create or replace temp table account_now as
with first_wins as (
    select accounts.account_no, min(versions.happened_at) as won_at
    from plan.versions as versions
    inner join plan.stages_now as stages using (stage_no)
    inner join plan.deals as deals using (deal_no)
    inner join plan.accounts as owners on owners.account_no = deals.account_no
    inner join plan.accounts as accounts
        on accounts.account_no = case when owners.merged_at <= versions.happened_at then owners.merged_into_no
            else owners.account_no end
    where stages.is_won and versions.happened_at <= getvariable('hi')
    group by accounts.account_no
),
last_activities as (
    select case when accounts.merged_at <= getvariable('hi') then accounts.merged_into_no
        else accounts.account_no end as account_no,
        max(coalesce(activities.done_at, activities.starts_at)) as last_activity_at
    from plan.activities as activities
    inner join plan.accounts as accounts using (account_no)
    where coalesce(done_at, starts_at) <= getvariable('hi') and (kind <> 4 or done_at is not null)
    group by 1
)
select
    accounts.*, first_wins.won_at, last_activities.last_activity_at, tenures.user_no as owner_no,
    coalesce(accounts.merged_at <= getvariable('hi'), false) as is_merged,
    -- whatever happens to a merged-away record's former deals is its winner's business
    least(
        greatest(
            accounts.created_at, tenures.started_at, first_wins.won_at, last_activities.last_activity_at,
            case when accounts.merged_at <= getvariable('hi') then accounts.merged_at end,
            -- the winner is saved by the merge too
            case when losers.merged_at <= getvariable('hi') then losers.merged_at end
        ),
        coalesce(case when accounts.merged_at <= getvariable('hi') then accounts.merged_at end, timestamp '9999-01-01')
    ) as touched_at
from plan.accounts as accounts
inner join plan.tenures as tenures
    on tenures.seat = accounts.seat
    and tenures.started_at <= least(getvariable('hi'), coalesce(accounts.merged_at, getvariable('hi')))
    and (tenures.ended_at is null or tenures.ended_at > least(getvariable('hi'), coalesce(accounts.merged_at,
        getvariable('hi'))))
left join first_wins using (account_no)
left join last_activities using (account_no)
left join plan.accounts as losers on losers.merged_into_no = accounts.account_no
where accounts.created_at <= getvariable('hi')
"""

_ACCOUNT = """
select
    plan.account_id(account_no) as "Id",
    is_merged as "IsDeleted",
    case when is_merged then plan.account_id(merged_into_no) end as "MasterRecordId",
    getvariable('company_heads')[head + 1] || ' ' || getvariable('company_tails')[tail + 1] || ' '
        || getvariable('company_forms')[form + 1] as "Name",
    case when won_at is null then 'Prospect' else 'Customer - Direct' end as "Type",
    getvariable('cities')[place + 1] as "BillingCity",
    nullif(getvariable('states')[place + 1], '') as "BillingState",
    getvariable('postal_codes')[place + 1] as "BillingPostalCode",
    getvariable('countries')[place + 1] as "BillingCountry",
    getvariable('industries')[industry + 1] as "Industry",
    employees * 140000 as "AnnualRevenue",
    employees as "NumberOfEmployees",
    'https://www.' || lower(getvariable('company_heads')[head + 1] || getvariable('company_tails')[tail + 1])
        || '.example' as "Website",
    ['Hot', 'Warm', 'Cold'][account_no % 3 + 1] as "Rating",
    plan.user_id(owner_no) as "OwnerId",
    created_at as "CreatedDate",
    plan.service_user_id() as "CreatedById",
    greatest(created_at, won_at) as "LastModifiedDate",
    plan.service_user_id() as "LastModifiedById",
    touched_at as "SystemModstamp",
    cast(last_activity_at as date) as "LastActivityDate",
    case when other_no is not null then plan.company_id(other_no) end as "HubSpot_Company_Id__c"
from account_now
where not is_hubspot and touched_at > getvariable('lo')
"""

_CONTACT = """
with contacts as (
    select
        contacts.*, accounts.owner_no, accounts.seat,
        coalesce(contacts.merged_at <= getvariable('hi'), false) as is_merged,
        coalesce(contacts.deleted_at <= getvariable('hi'), false) as is_deleted,
        case when accounts.is_merged then accounts.merged_into_no else accounts.account_no end as account_now_no,
        case when accounts.is_merged then accounts.merged_at end as account_merged_at,
        getvariable('first_names')[contacts.first_name + 1] as first,
            getvariable('last_names')[contacts.last_name + 1] as last
    from plan.contacts as contacts
    inner join account_now as accounts using (account_no)
    where not accounts.is_hubspot and contacts.created_at <= getvariable('hi')
        and coalesce(contacts.purged_at > getvariable('hi'), true)
),
stamped as (
    select *, greatest(created_at, account_merged_at, case when is_merged then merged_at end, case when is_deleted
        then deleted_at end)
        as touched_at
    from contacts
)
select
    plan.contact_id(contact_no) as "Id",
    is_merged or is_deleted as "IsDeleted",
    case when is_merged then plan.contact_id(account_no * 4) end as "MasterRecordId",
    plan.account_id(account_now_no) as "AccountId",
    last as "LastName",
    first as "FirstName",
    first || ' ' || last as "Name",
    getvariable('job_titles')[title + 1] as "Title",
    getvariable('departments')[title % 5 + 1] as "Department",
    lower(strip_accents(first) || '.' || replace(strip_accents(last), '''', '')) || look_no || '@customer.example'
        as "Email",
    '+1 555 ' || lpad(cast(look_no % 10000 as varchar), 4, '0') as "Phone",
    getvariable('lead_sources')[source + 1] as "LeadSource",
    plan.service_user_id() as "OwnerId",
    created_at as "CreatedDate",
    plan.service_user_id() as "CreatedById",
    created_at as "LastModifiedDate",
    plan.service_user_id() as "LastModifiedById",
    touched_at as "SystemModstamp"
from stamped
where touched_at > getvariable('lo')
"""

_LEAD = """
with leads as (
    select *,
        case when ended_at <= getvariable('hi') then ended_at when worked_at <= getvariable('hi') then worked_at
            else created_at end
            as touched_at,
        coalesce(ended_at <= getvariable('hi'), false) as has_ended,
        worked_at <= getvariable('hi') as is_worked,
        getvariable('first_names')[first_name + 1] as first, getvariable('last_names')[last_name + 1] as last
    from plan.leads
    where created_at <= getvariable('hi')
)
select
    plan.lead_id(leads.lead_no) as "Id",
    false as "IsDeleted",
    last as "LastName",
    first as "FirstName",
    first || ' ' || last as "Name",
    getvariable('job_titles')[title + 1] as "Title",
    getvariable('company_heads')[head + 1] || ' ' || getvariable('company_tails')[tail + 1] as "Company",
    lower(strip_accents(first) || '.' || replace(strip_accents(last), '''', '')) || lead_no || '@lead.example'
        as "Email",
    getvariable('lead_sources')[source + 1] as "LeadSource",
    case when has_ended and deal_no is not null then 'Closed - Converted' when has_ended then 'Closed - Not Converted'
        when is_worked then 'Working - Contacted' else 'Open - Not Contacted' end as "Status",
    getvariable('industries')[industry + 1] as "Industry",
    ['Hot', 'Warm', 'Cold'][lead_no % 3 + 1] as "Rating",
    plan.service_user_id() as "OwnerId",
    has_ended and deal_no is not null as "IsConverted",
    case when has_ended and deal_no is not null then cast(ended_at as date) end as "ConvertedDate",
    case when has_ended and deal_no is not null then plan.account_id(account_no) end as "ConvertedAccountId",
    case when has_ended and deal_no is not null then plan.contact_id(account_no * 4) end as "ConvertedContactId",
    case when has_ended and deal_no is not null then plan.opportunity_id(deal_no) end as "ConvertedOpportunityId",
    created_at as "CreatedDate",
    plan.service_user_id() as "CreatedById",
    touched_at as "LastModifiedDate",
    plan.service_user_id() as "LastModifiedById",
    touched_at as "SystemModstamp"
from leads
where touched_at > getvariable('lo')
"""

_DELETED = """
insert into salesforce._deleted
select 'Account', plan.account_id(account_no), merged_at, false from plan.accounts
where not is_hubspot and merged_at > getvariable('lo') and merged_at <= getvariable('hi')
union all
select 'Contact', plan.contact_id(contact_no), contacts.merged_at, false
from plan.contacts inner join plan.accounts using (account_no)
where not is_hubspot and contacts.merged_at > getvariable('lo') and contacts.merged_at <= getvariable('hi')
union all
select 'Contact', plan.contact_id(contact_no), deleted_at, false
from plan.contacts inner join plan.accounts using (account_no)
where not is_hubspot and deleted_at > getvariable('lo') and deleted_at <= getvariable('hi')
"""

_PURGED = """
insert into salesforce._deleted
select 'Contact', plan.contact_id(contact_no), purged_at, true
from plan.contacts inner join plan.accounts using (account_no)
where not is_hubspot and purged_at > getvariable('lo') and purged_at <= getvariable('hi')
"""
