"""Salesforce's tasks and events, as of the clock."""

import duckdb

from connectors.sandbox.world.storage import upsert


def write_activities(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write what changed in the window; activities go to the bin and leave it with their opportunity."""
    written = {
        name: upsert(connection, f'salesforce."{name}"', ["Id"], select)
        for name, select in (("Task", _TASK), ("Event", _EVENT))
    }
    for name in ("Task", "Event"):
        connection.execute(f"""
            insert into salesforce._deleted
            select '{name}', rows."Id", deals.deleted_at, false
            from salesforce."{name}" as rows
            inner join plan.deals as deals on rows."WhatId" = plan.opportunity_id(deals.deal_no)
                and not deals.is_hubspot
            where deals.deleted_at > getvariable('lo') and deals.deleted_at <= getvariable('hi')""")
        connection.execute(f"""
            create or replace temp table gone_rows as
            select rows."Id" as id, deals.purged_at
            from salesforce."{name}" as rows
            inner join plan.deals as deals on rows."WhatId" = plan.opportunity_id(deals.deal_no)
                and not deals.is_hubspot
            where deals.purged_at <= getvariable('hi')""")
        connection.execute(f"insert into salesforce._deleted select '{name}', id, purged_at, true from gone_rows")
        connection.execute(f'delete from salesforce."{name}" where "Id" in (select id from gone_rows)')
    return written


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
    where not deals.is_hubspot and entered_at <= getvariable('hi') and coalesce(deals.purged_at > getvariable('hi'),
        true)
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
