"""HubSpot's companies, contacts, engagements, owners and pipelines, as of the clock."""

import duckdb

from connectors.sandbox.world.days import day_number, moment
from connectors.sandbox.world.hubspot_audit import record_audit
from connectors.sandbox.world.hubspot_edited import create_edit_tables, not_edited, upsert_planned
from connectors.sandbox.world.people import MANAGER_BASE
from connectors.sandbox.world.scale import HUBSPOT_BASE
from connectors.sandbox.world.stages import edited_days
from connectors.sandbox.world.storage import fetch_row, upsert
from connectors.sandbox.world.visible import write_stages_now


def write_records(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write what changed in the window (needs `account_now`), and `company_now`: the id each company answers to."""
    create_edit_tables(connection)
    connection.execute(_COMPANY_NOW)
    written = {
        "companies": upsert_planned(connection, "companies", f"{_COMPANY} union all by name {_MERGED_COMPANY}"),
        "contacts": upsert_planned(connection, "contacts", _CONTACT),
    }
    connection.execute("""
        delete from hubspot.contacts using plan.contacts as gone
        where id = plan.hubspot_contact_id(gone.contact_no) and gone.purged_at <= getvariable('hi')""")
    for name, kind, columns in _ENGAGEMENT_COLUMNS:
        written[name] = upsert_planned(connection, name, _engagement(kind, columns))
    written["_owners"] = upsert(connection, "hubspot._owners", ["id"], _OWNER)
    for day in _audited_days(connection):
        written |= _write_pipelines(connection, day)
    return written


def _audited_days(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """The day that the window ends with, and in a new world every earlier one whose stages the audit must know."""
    day = day_number(fetch_row(connection, "select getvariable('hi')")[0].date()) - 1
    is_new = fetch_row(connection, "select count(*) from hubspot._audit")[0] == 0
    return [*([edited - 1 for edited in edited_days(day)] if is_new else []), day]


def _write_pipelines(connection: duckdb.DuckDBPyConnection, day: int) -> dict[str, int]:
    """Pipelines and stages as they stand at the end of a day, and what the audit has of them."""
    plants = fetch_row(connection, "select plants from state.world")[0]
    write_stages_now(connection, frozenset(plants), day)
    written = {
        "_stages": upsert(
            connection,
            "hubspot._stages",
            ["pipeline_id", "id"],
            not_edited(_STAGE, "_stages", "pipeline_id || '/' || id"),
        ),
        "_pipelines": upsert(connection, "hubspot._pipelines", ["id"], not_edited(_PIPELINE, "_pipelines", "id")),
    }
    record_audit(connection, moment(day + 1).replace(tzinfo=None))
    return written


# a merge makes a record with a new id, and both old records lead to it
_COMPANY_NOW = """
create or replace temp table company_now as
select
    accounts.*,
    coalesce(case when accounts.is_merged then accounts.account_no end, losers.account_no) as merge_no,
    coalesce(case when accounts.is_merged then accounts.merged_at end, losers.merged_at) as merge_at,
    case
        when accounts.is_merged then plan.merged_company_id(accounts.account_no)
        when losers.account_no is not null then plan.merged_company_id(losers.account_no)
        else plan.company_id(accounts.account_no)
    end as id
from account_now as accounts
left join account_now as losers on losers.merged_into_no = accounts.account_no and losers.is_merged
where accounts.is_hubspot
"""

_COMPANY_COLUMNS = """
    getvariable('company_heads')[head + 1] || ' ' || getvariable('company_tails')[tail + 1] || ' '
        || getvariable('company_forms')[form + 1] as name,
    lower(getvariable('company_heads')[head + 1] || getvariable('company_tails')[tail + 1]) || '.example' as domain,
    getvariable('hubspot_industries')[industry + 1] as industry,
    cast(employees * 140000 as varchar) as annualrevenue,
    cast(employees as varchar) as numberofemployees,
    getvariable('cities')[place + 1] as city,
    getvariable('countries')[place + 1] as country,
    strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') as createdate,
    case when other_no is not null then plan.account_id(other_no) end as salesforce_account_id
"""

# the old record stands as it stood when it was merged
_COMPANY = f"""
select
    plan.company_id(account_no) as id, created_at, stamp as updated_at, false as archived, cast(null as timestamp)
        as archived_at,
    case when merge_no is not null then id end as merged_into,
    plan.company_id(account_no) as hs_object_id,
    case when won_at <= stamp then 'customer' else 'opportunity' end as lifecyclestage,
    plan.owner_id(owner_no) as hubspot_owner_id,
    strftime(stamp, '%Y-%m-%dT%H:%M:%S.%gZ') as hs_lastmodifieddate,
    cast(null as varchar) as hs_merged_object_ids,
    {_COMPANY_COLUMNS}
from (select *, coalesce(merge_at, touched_at) + to_milliseconds(5 + account_no % 700) as stamp from company_now)
where stamp > getvariable('lo')
"""

_MERGED_COMPANY = f"""
select
    id, created_at, stamp as updated_at, false as archived, null as archived_at, null as merged_into,
    id as hs_object_id,
    case when won_at is not null then 'customer' else 'opportunity' end as lifecyclestage,
    plan.owner_id(owner_no) as hubspot_owner_id,
    strftime(stamp, '%Y-%m-%dT%H:%M:%S.%gZ') as hs_lastmodifieddate,
    plan.company_id(account_no) || ';' || plan.company_id(merge_no) as hs_merged_object_ids,
    {_COMPANY_COLUMNS}
from (select *, touched_at + to_milliseconds(5 + account_no % 700) as stamp from company_now
    where merge_no is not null and not is_merged)
where stamp > getvariable('lo')
"""

_CONTACT = """
with contacts as (
    select
        contacts.*, companies.id as company, companies.merge_at as company_merged_at, companies.won_at,
        getvariable('first_names')[contacts.first_name + 1] as first,
            getvariable('last_names')[contacts.last_name + 1] as last,
        coalesce(case when contacts.merged_at <= getvariable('hi') then contacts.contact_no end,
            duplicates.contact_no) as merge_no,
        coalesce(case when contacts.merged_at <= getvariable('hi') then contacts.merged_at end, duplicates.merged_at)
            as merge_at,
        coalesce(contacts.deleted_at <= getvariable('hi'), false) as is_deleted
    from plan.contacts as contacts
    inner join company_now as companies using (account_no)
    -- the fourth contact of an account duplicates its third
    left join plan.contacts as duplicates
        on duplicates.contact_no = contacts.contact_no + 1 and duplicates.merged_at <= getvariable('hi')
    where contacts.created_at <= getvariable('hi') and coalesce(contacts.purged_at > getvariable('hi'), true)
),
records as (
    select *, plan.hubspot_contact_id(contact_no) as id, null as merged_ids,
        case when merge_no is not null then plan.merged_contact_id(merge_no) end as merged_into,
        coalesce(merge_at, greatest(created_at, company_merged_at, case when is_deleted then deleted_at end))
            as touched_at
    from contacts
    union all by name
    select *, plan.merged_contact_id(merge_no) as id,
        plan.hubspot_contact_id(contact_no) || ';' || plan.hubspot_contact_id(merge_no) as merged_ids,
        null as merged_into,
        greatest(merge_at, company_merged_at) as touched_at
    from contacts
    where merge_no is not null and merge_no <> contact_no
),
stamped as (
    select *, touched_at + to_milliseconds(3 + contact_no % 800) as stamp from records
)
select
    id, created_at, stamp as updated_at, is_deleted as archived, case when is_deleted then deleted_at end
        as archived_at, merged_into,
    id as hs_object_id,
    first as firstname,
    last as lastname,
    lower(strip_accents(first) || '.' || replace(strip_accents(last), '''', '')) || look_no || '@customer.example'
        as email,
    getvariable('job_titles')[title + 1] as jobtitle,
    'opportunity' as lifecyclestage,
    'CONNECTED' as hs_lead_status,
    getvariable('hubspot_sources')[source + 1] as hs_analytics_source,
    getvariable('buying_roles')[look_no % 6 + 1] as hs_buying_role,
    company as associatedcompanyid,
    strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') as createdate,
    strftime(stamp, '%Y-%m-%dT%H:%M:%S.%gZ') as lastmodifieddate,
    merged_ids as hs_merged_object_ids
from stamped
where stamp > getvariable('lo')
"""

_ENGAGEMENT_COLUMNS = (
    ("emails", 1, """
        case when is_inbound then 'INCOMING_EMAIL' else 'EMAIL' end as hs_email_direction,
        'SENT' as hs_email_status,
        replace(getvariable('email_subjects')[subject % 10 + 1], '{0}', 'you') as hs_email_subject"""),
    ("calls", 2, """
        getvariable('call_subjects')[subject % 5 + 1] as hs_call_title,
        case when is_inbound then 'INBOUND' else 'OUTBOUND' end as hs_call_direction,
        case when is_connected then 'f240bbac-87c9-4f6e-bf70-924b57d47db7'
            else '73a0d17f-1163-4015-bdd5-ec830791da20' end
            as hs_call_disposition,
        cast(minutes * 60000 as varchar) as hs_call_duration,
        'COMPLETED' as hs_call_status"""),
    ("meetings", 3, """
        getvariable('meeting_subjects')[subject % 5 + 1] as hs_meeting_title,
        strftime(starts_at, '%Y-%m-%dT%H:%M:%SZ') as hs_meeting_start_time,
        strftime(starts_at + to_minutes(minutes), '%Y-%m-%dT%H:%M:%SZ') as hs_meeting_end_time,
        case when not is_done then 'SCHEDULED' when is_connected or subject % 3 > 0 then 'COMPLETED'
            else 'NO_SHOW' end as hs_meeting_outcome"""),
    ("tasks", 4, """
        getvariable('task_subjects')[subject % 5 + 1] as hs_task_subject,
        case when is_done then 'COMPLETED' else 'NOT_STARTED' end as hs_task_status,
        case when subject % 7 = 0 then 'HIGH' else 'MEDIUM' end as hs_task_priority,
        'TODO' as hs_task_type,
        case when is_done then strftime(done_at, '%Y-%m-%dT%H:%M:%SZ') end as hs_task_completion_date"""),
)  # fmt: skip


def _engagement(kind: int, columns: str) -> str:
    # a call or e-mail is entered when it is over; meetings and tasks change once more when they are done
    stamp = (
        "entered_at" if kind < 3 else "greatest(entered_at, case when done_at <= getvariable('hi') then done_at end)"
    )
    return f"""
    with rows as (
        select *, coalesce(done_at <= getvariable('hi'), false) as is_done,
            {stamp} + to_milliseconds(1 + activity_no % 950) as stamp
        from plan.activities
        where kind = {kind} and deal_no >= {HUBSPOT_BASE} and entered_at <= getvariable('hi')
    )
    select
        plan.engagement_id(activity_no) as id, entered_at as created_at, stamp as updated_at, false as archived,
        plan.engagement_id(activity_no) as hs_object_id,
        strftime(starts_at, '%Y-%m-%dT%H:%M:%SZ') as hs_timestamp,
        plan.owner_id(owner_no) as hubspot_owner_id,
        {columns},
        strftime(entered_at, '%Y-%m-%dT%H:%M:%SZ') as hs_createdate,
        strftime(stamp, '%Y-%m-%dT%H:%M:%S.%gZ') as hs_lastmodifieddate
    from rows
    where stamp > getvariable('lo')"""


_OWNER = f"""
with owners as (
    select *, coalesce(left_at <= getvariable('hi'), false) as has_left,
        case when left_at <= getvariable('hi') then left_at else created_at end as touched_at,
        case when kind = 'manager' then user_no - {HUBSPOT_BASE + MANAGER_BASE}
            else manager_no - {HUBSPOT_BASE + MANAGER_BASE} end as team
    from people
    where user_no >= {HUBSPOT_BASE} and kind in ('rep', 'manager') and created_at <= getvariable('hi')
)
select
    plan.owner_id(user_no) as id,
    lower(strip_accents(first_name) || '.' || replace(strip_accents(last_name), '''', '')) || person_no
        || '@sandbox.example' as email,
    first_name, last_name, plan.owner_user_id(user_no) as user_id, 'PERSON' as type, has_left as archived, created_at,
    touched_at as updated_at,
    cast('[{{"id": "' || (310 + team) || '", "name": "Team ' || (team + 1) || '", "primary": true}}]' as json) as teams
from owners
where touched_at > getvariable('lo')
"""

_STAGE = """
select
    pipeline_id, stage_id as id, label,
    cast(row_number() over (partition by pipeline_id order by place) - 1 as integer) as display_order,
    cast(probability / 100.0 as varchar) as probability,
    cast(is_closed as varchar) as is_closed, not is_active as archived,
    timestamp '2023-06-01 07:00:00' as created_at,
    timestamp '1970-01-01 07:00:00' + to_days(changed_day) as updated_at
from plan.stages_now where crm = 'hubspot' and not is_ghost
"""

_PIPELINE = """
select pipeline_id as id, case when pipeline_id = 'default' then 'Sales Pipeline' else 'Partner Pipeline' end as label,
    cast(case when pipeline_id = 'default' then 0 else 1 end as integer) as display_order, false as archived,
    timestamp '2023-06-01 07:00:00' as created_at,
    max(timestamp '1970-01-01 07:00:00' + to_days(changed_day)) as updated_at
from plan.stages_now where crm = 'hubspot' group by pipeline_id
"""
