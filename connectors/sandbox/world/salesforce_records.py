"""Salesforce's accounts, people, leads, activities and metadata, as of the clock."""

import duckdb

from connectors.sandbox.world.identifiers import ORGANIZATION_ID
from connectors.sandbox.world.people import DIRECTOR_NO, MANAGER_BASE, SERVICE_NO
from connectors.sandbox.world.storage import upsert


def write_records(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write every other object of which something changed in the window; counts of rows written by object."""
    connection.execute(_ACCOUNT_NOW)
    written = {
        name: upsert(connection, f'salesforce."{name}"', ["Id"], select)
        for name, select in (
            ("Account", _ACCOUNT),
            ("Contact", _CONTACT),
            ("Lead", _LEAD),
            ("User", _USER),
            ("UserRole", _ROLE),
            ("Task", _TASK),
            ("Event", _EVENT),
            ("OpportunityStage", _STAGE),
            ("RecordType", _RECORD_TYPE),
            ("Organization", _ORGANIZATION),
        )
    }
    connection.execute(_DELETED)
    connection.execute(_PURGED)
    connection.execute('delete from salesforce."Contact" using plan.contacts as gone where "Id" = plan.contact_id(gone.contact_no)'
                       " and gone.purged_at <= getvariable('hi')")  # fmt: skip
    for name in ("Task", "Event"):
        connection.execute(f"""
            insert into salesforce._deleted
            select '{name}', rows."Id", deals.deleted_at, false
            from salesforce."{name}" as rows
            inner join plan.deals as deals on rows."WhatId" = plan.opportunity_id(deals.deal_no) and not deals.is_hubspot
            where deals.deleted_at > getvariable('lo') and deals.deleted_at <= getvariable('hi')""")
        connection.execute(f"""
            create or replace temp table gone_rows as
            select rows."Id" as id, deals.purged_at
            from salesforce."{name}" as rows
            inner join plan.deals as deals on rows."WhatId" = plan.opportunity_id(deals.deal_no) and not deals.is_hubspot
            where deals.purged_at <= getvariable('hi')""")
        connection.execute(f"insert into salesforce._deleted select '{name}', id, purged_at, true from gone_rows")
        connection.execute(f'delete from salesforce."{name}" where "Id" in (select id from gone_rows)')
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
        on accounts.account_no = case when owners.merged_at <= versions.happened_at then owners.merged_into_no else owners.account_no end
    where stages.is_won and versions.happened_at <= getvariable('hi')
    group by accounts.account_no
),
last_activities as (
    select case when accounts.merged_at <= getvariable('hi') then accounts.merged_into_no else accounts.account_no end as account_no,
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
    and (tenures.ended_at is null or tenures.ended_at > least(getvariable('hi'), coalesce(accounts.merged_at, getvariable('hi'))))
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
    'https://www.' || lower(getvariable('company_heads')[head + 1] || getvariable('company_tails')[tail + 1]) || '.example' as "Website",
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
        getvariable('first_names')[contacts.first_name + 1] as first, getvariable('last_names')[contacts.last_name + 1] as last
    from plan.contacts as contacts
    inner join account_now as accounts using (account_no)
    where not accounts.is_hubspot and contacts.created_at <= getvariable('hi')
        and coalesce(contacts.purged_at > getvariable('hi'), true)
),
stamped as (
    select *, greatest(created_at, account_merged_at, case when is_merged then merged_at end, case when is_deleted then deleted_at end)
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
    lower(strip_accents(first) || '.' || replace(strip_accents(last), '''', '')) || look_no || '@customer.example' as "Email",
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
        case when ended_at <= getvariable('hi') then ended_at when worked_at <= getvariable('hi') then worked_at else created_at end
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
    lower(strip_accents(first) || '.' || replace(strip_accents(last), '''', '')) || lead_no || '@lead.example' as "Email",
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

_USER = f"""
with users as (
    select *, case when left_at <= getvariable('hi') then left_at else created_at end as touched_at,
        coalesce(left_at > getvariable('hi'), true) as is_active,
        lower(strip_accents(first_name) || '.' || replace(strip_accents(last_name), '''', '')) || person_no || '@sandbox.example' as address
    from plan.users
    where created_at <= getvariable('hi') and user_no < plan_base()
)
select
    plan.user_id(user_no) as "Id",
    address as "Username",
    last_name as "LastName",
    first_name as "FirstName",
    first_name || ' ' || last_name as "Name",
    address as "Email",
    case kind when 'rep' then 'Account Executive' when 'manager' then 'Sales Manager' when 'director' then 'VP Sales'
        else 'Integration' end as "Title",
    case when kind = 'service' then 'IT' else 'Sales' end as "Department",
    is_active as "IsActive",
    plan.salesforce_id('00E', case kind when 'director' then 1 when 'manager' then 10 + user_no - {MANAGER_BASE}
        when 'rep' then 1000 + manager_no - {MANAGER_BASE} else 2 end) as "UserRoleId",
    case when manager_no is not null then plan.user_id(manager_no) end as "ManagerId",
    'Standard' as "UserType",
    ['America/New_York', 'Europe/Berlin', 'America/Los_Angeles'][user_no % 3 + 1] as "TimeZoneSidKey",
    kind <> 'service' as "ForecastEnabled",
    created_at as "CreatedDate",
    touched_at as "LastModifiedDate",
    touched_at as "SystemModstamp"
from users
where touched_at > getvariable('lo')
""".replace("plan_base()", str(SERVICE_NO + 1))

_ROLE = f"""
with roles as (
    select 1 as role_no, null as parent_no, 'VP Sales' as name
    union all select 2, null, 'Integration'
    union all
    select 10 + user_no - {MANAGER_BASE}, 1, 'Sales Manager Region ' || (1 + user_no - {MANAGER_BASE})
    from plan.users where kind = 'manager' and user_no < {DIRECTOR_NO}
    union all
    select 1000 + user_no - {MANAGER_BASE}, 10 + user_no - {MANAGER_BASE}, 'Account Executive Region ' || (1 + user_no - {MANAGER_BASE})
    from plan.users where kind = 'manager' and user_no < {DIRECTOR_NO}
)
select
    plan.salesforce_id('00E', role_no) as "Id", name as "Name", replace(name, ' ', '_') as "DeveloperName",
    case when parent_no is not null then plan.salesforce_id('00E', parent_no) end as "ParentRoleId",
    timestamp '2023-06-01 09:00:00' as "LastModifiedDate", timestamp '2023-06-01 09:00:00' as "SystemModstamp"
from roles
where timestamp '2023-06-01 09:00:00' > getvariable('lo')
"""

_ACTIVITY_ROWS = """
with rows as (
    select
        activities.*, deals.deleted_at,
        coalesce(deals.deleted_at <= getvariable('hi'), false) as is_deleted,
        coalesce(done_at <= getvariable('hi'), false) as is_done,
        case when accounts.merged_at <= least(getvariable('hi'), coalesce(deals.deleted_at, getvariable('hi')))
            then accounts.merged_into_no else accounts.account_no end as account_now_no,
        case when accounts.merged_at <= least(getvariable('hi'), coalesce(deals.deleted_at, getvariable('hi')))
            then accounts.merged_at end as account_merged_at
    from plan.activities as activities
    inner join plan.deals as deals using (deal_no)
    inner join plan.accounts as accounts on accounts.account_no = activities.account_no
    where not deals.is_hubspot and entered_at <= getvariable('hi') and coalesce(deals.purged_at > getvariable('hi'), true)
),
stamped as (
    select *, greatest(entered_at, account_merged_at, case when kind = 4 and is_done then done_at end,
        case when is_deleted then deleted_at end) as touched_at
    from rows
)
"""

_TASK = f"""
{_ACTIVITY_ROWS}
select
    plan.salesforce_id('00T', activity_no) as "Id",
    is_deleted as "IsDeleted",
    plan.contact_id(contact_no) as "WhoId",
    plan.opportunity_id(deal_no) as "WhatId",
    plan.account_id(account_now_no) as "AccountId",
    case kind
        when 1 then (case when is_inbound then 'Email received: ' else 'Email: ' end)
            || replace(getvariable('email_subjects')[subject % 10 + 1], '{{0}}', 'you')
        when 2 then getvariable('call_subjects')[subject % 5 + 1]
        else getvariable('task_subjects')[subject % 5 + 1] end as "Subject",
    cast(case when kind = 4 then coalesce(done_at, starts_at) else entered_at end as date) as "ActivityDate",
    case when kind < 4 or is_done then 'Completed' else 'Not Started' end as "Status",
    case when subject % 7 = 0 then 'High' else 'Normal' end as "Priority",
    plan.user_id(owner_no) as "OwnerId",
    case kind when 1 then 'Email' when 2 then 'Call' else 'Other' end as "Type",
    case kind when 1 then 'Email' when 2 then 'Call' else 'Task' end as "TaskSubtype",
    case when kind = 2 then (case when is_inbound then 'Inbound' else 'Outbound' end) end as "CallType",
    case when kind = 2 then minutes * 60 end as "CallDurationInSeconds",
    case when kind = 2 then (case when is_connected then 'Connected' else 'No answer' end) end as "CallDisposition",
    kind < 4 or is_done as "IsClosed",
    case when kind < 4 then done_at when is_done then done_at end as "CompletedDateTime",
    entered_at as "CreatedDate",
    plan.user_id(owner_no) as "CreatedById",
    case when kind = 4 and is_done then done_at else entered_at end as "LastModifiedDate",
    plan.user_id(owner_no) as "LastModifiedById",
    touched_at as "SystemModstamp"
from stamped
where kind <> 3 and touched_at > getvariable('lo')
"""

_EVENT = f"""
{_ACTIVITY_ROWS}
select
    plan.salesforce_id('00U', activity_no) as "Id",
    is_deleted as "IsDeleted",
    plan.contact_id(contact_no) as "WhoId",
    plan.opportunity_id(deal_no) as "WhatId",
    plan.account_id(account_now_no) as "AccountId",
    getvariable('meeting_subjects')[subject % 5 + 1] as "Subject",
    ['Online', 'At the customer', 'Our office'][subject % 3 + 1] as "Location",
    starts_at as "StartDateTime",
    starts_at + to_minutes(minutes) as "EndDateTime",
    cast(starts_at as date) as "ActivityDate",
    minutes as "DurationInMinutes",
    plan.user_id(owner_no) as "OwnerId",
    'Meeting' as "Type",
    'Event' as "EventSubtype",
    entered_at as "CreatedDate",
    plan.user_id(owner_no) as "CreatedById",
    entered_at as "LastModifiedDate",
    plan.user_id(owner_no) as "LastModifiedById",
    touched_at as "SystemModstamp"
from stamped
where kind = 3 and touched_at > getvariable('lo')
"""

_STAGE = """
with stages as (
    select *, row_number() over (order by place) as sort_order,
        timestamp '1970-01-01 07:00:00' + to_days(changed_day) as changed_at
    from plan.stages_now where crm = 'salesforce' and not is_ghost
)
select
    plan.salesforce_id('01J', stage_no) as "Id",
    label as "MasterLabel",
    stage_id as "ApiName",
    is_active as "IsActive",
    sort_order as "SortOrder",
    is_closed as "IsClosed",
    is_won as "IsWon",
    category_enum as "ForecastCategory",
    category_name as "ForecastCategoryName",
    probability as "DefaultProbability",
    plan.service_user_id() as "CreatedById",
    timestamp '2023-06-01 07:00:00' as "CreatedDate",
    plan.service_user_id() as "LastModifiedById",
    changed_at as "LastModifiedDate",
    changed_at as "SystemModstamp"
from stages
where changed_at > getvariable('lo')
"""

_RECORD_TYPE = """
select
    plan.salesforce_id('012', number) as "Id", name as "Name", replace(name, ' ', '_') as "DeveloperName",
    'Opportunity' as "SobjectType", true as "IsActive",
    timestamp '2023-06-01 07:00:00' as "CreatedDate", timestamp '2023-06-01 07:00:00' as "LastModifiedDate",
    timestamp '2023-06-01 07:00:00' as "SystemModstamp"
from (values (1, 'New Business'), (2, 'Existing Business')) as types (number, name)
where timestamp '2023-06-01 07:00:00' > getvariable('lo')
"""

_ORGANIZATION = f"""
select
    '{ORGANIZATION_ID}' as "Id", 'Sandbox Sales' as "Name", 'USA0S' as "InstanceName", true as "IsSandbox",
    'USD' as "DefaultCurrencyIsoCode", 'America/New_York' as "TimeZoneSidKey", timestamp '2023-06-01 07:00:00' as "SystemModstamp"
where timestamp '2023-06-01 07:00:00' > getvariable('lo')
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
