"""HubSpot's deals with their property history and associations, as of the clock."""

import duckdb

from connectors.sandbox.world.hubspot_edited import redirect_links, upsert_planned

DEAL_HISTORY_COUNT = "property history"
# singular type -> type id from the deal, type id to the deal (HubSpot's own numbers)
_ENGAGEMENTS = {1: ("emails", 209, 210), 2: ("calls", 205, 206), 3: ("meetings", 211, 212), 4: ("tasks", 215, 216)}

_NOT_EDITED = "plan.deal_id(deal_no) not in (select id from hubspot._edited where object_type = 'deals')"


def write_deals(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write every touched deal, what its properties were, and what it is associated with; counts of rows."""
    connection.execute("""
        create or replace macro plan.hubspot_reason(n) as case
            when n >= 100 then case n - 100 when 1 then '' when 2 then 'tbd' when 3 then '???' end
            when n > 0 then getvariable('hubspot_reasons')[n] end""")
    connection.execute("""
        create or replace macro plan.plain_money(cents) as case when cents % 100 = 0 then cast(cents // 100 as varchar)
            else cast(cast(cents / 100 as decimal(18, 2)) as varchar) end""")
    connection.execute("""
        create or replace macro plan.manual_category(n) as case n when 1 then 'PIPELINE' when 2 then 'BEST_CASE'
            when 3 then 'COMMIT' end""")
    written = {"deals": upsert_planned(connection, "deals", _DEAL)}
    connection.execute(
        "delete from hubspot.deals using deal_now as gone where id = plan.deal_id(gone.deal_no) and gone.is_purged"
    )
    connection.execute("""
        delete from hubspot._property_history using deal_now as gone
        where object_id = plan.deal_id(gone.deal_no) and gone.is_purged""")
    count = connection.execute(f"insert into hubspot._property_history by name {_PROPERTY_HISTORY}").fetchone()
    written["_property_history"] = int(count[0]) if count else 0
    written["_associations"] = _write_associations(connection)
    return written


def _write_associations(connection: duckdb.DuckDBPyConnection) -> int:
    """All associations of touched deals, both directions, anew."""
    connection.execute(f"create or replace temp table links as select * from ({_LINKS}) where {_NOT_EDITED}")
    connection.execute(
        "create or replace temp table relinked as select plan.deal_id(deal_no) as id from deal_now"
        f" where is_hubspot and (is_purged or {_NOT_EDITED})"
    )
    redirect_links(connection, "links")
    for side in ("from", "to"):
        connection.execute(
            f"delete from hubspot._associations where {side}_type = 'deals' and {side}_id in (select id from relinked)"
        )
    count = connection.execute("""
        insert into hubspot._associations
        select 'deals', plan.deal_id(deal_no), to_type, to_id, category, outward, label from links
        union all
        select to_type, to_id, 'deals', plan.deal_id(deal_no), category, inward, label from links
        order by all""").fetchone()
    return int(count[0]) if count else 0


_ENGAGEMENT_LINKS = " union all ".join(
    f"""
select deal_no, '{name}', plan.engagement_id(activity_no), 'HUBSPOT_DEFINED', {outward}, {inward}, null
from plan.activities inner join linked using (deal_no)
where kind = {kind} and entered_at <= getvariable('hi')"""
    for kind, (name, outward, inward) in _ENGAGEMENTS.items()
)
_LINKS = f"""
with linked as (
    select deal_no, account_no from deal_now where is_hubspot and not is_purged
),
companies as (
    select deal_no, company_now.id as company from linked inner join company_now using (account_no)
)
select deal_no, 'companies' as to_type, company as to_id, 'HUBSPOT_DEFINED' as category, 5 as outward, 6 as inward,
    'Primary' as label
from companies
union all
select deal_no, 'companies', company, 'HUBSPOT_DEFINED', 341, 342, null from companies
union all
select deal_no, 'contacts', plan.hubspot_contact_id(contact_no), 'HUBSPOT_DEFINED', 3, 4, null
from plan.deal_contacts inner join linked using (deal_no)
union all
{_ENGAGEMENT_LINKS}
"""

# the modification stamp trails the change by some milliseconds: calculated properties settle first
_DEAL = """
with now as (
    select deal_now.*, touched_at + to_milliseconds(17 + (deal_no * 37) % 900) as settled_at,
        (select count(*) from plan.deal_contacts as roles where roles.deal_no = deal_now.deal_no) as contact_count
    from deal_now where is_hubspot and not is_purged
)
select
    plan.deal_id(deal_no) as id,
    created_at,
    settled_at as updated_at,
    is_deleted as archived,
    case when is_deleted then deleted_at end as archived_at,
    plan.deal_id(deal_no) as hs_object_id,
    deal_name as dealname,
    stage_id as dealstage,
    pipeline_id as pipeline,
    plan.plain_money(amount) as amount,
    strftime(close_at, '%Y-%m-%dT%H:%M:%SZ') as closedate,
    strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') as createdate,
    strftime(settled_at, '%Y-%m-%dT%H:%M:%S.%gZ') as hs_lastmodifieddate,
    plan.owner_id(owner_no) as hubspot_owner_id,
    case when type = 0 then 'newbusiness' else 'existingbusiness' end as dealtype,
    'USD' as deal_currency_code,
    cast(probability_now / 100.0 as varchar) as hs_deal_stage_probability,
    plan.plain_money(cast(round(amount * probability_now / 100.0) as bigint)) as hs_forecast_amount,
    plan.manual_category(category) as hs_manual_forecast_category,
    cast(is_closed as varchar) as hs_is_closed,
    cast(is_won as varchar) as hs_is_closed_won,
    cast(is_closed and not is_won as varchar) as hs_is_closed_lost,
    case when next_step > 0 and not is_closed then getvariable('next_steps')[next_step] end as hs_next_step,
    plan.hubspot_reason(reason) as closed_lost_reason,
    case when is_won and deal_no % 3 = 0 then 'Best fit and reference nearby' end as closed_won_reason,
    case when competitor > 0 then getvariable('competitors')[competitor] end as competitor,
    case when twin_no is not null then plan.opportunity_id(twin_no) end as salesforce_opportunity_id,
    cast(contact_count as varchar) as num_associated_contacts,
    cast(coalesce(activity_count, 0) as varchar) as num_notes,
    strftime(last_activity_at, '%Y-%m-%dT%H:%M:%SZ') as notes_last_contacted,
    plan.owner_user_id(creator_no) as hs_created_by_user_id
from now
"""

_PROPERTY_HISTORY = """
with changes as (
    select
        versions.deal_no, versions.happened_at, versions.version_no, versions.owner_no,
        unnest([
            {property: 'dealstage', old: before.stage_id, new: stages.stage_id},
            {property: 'amount', old: plan.plain_money(versions.prev_amount), new: plan.plain_money(versions.amount)},
            {property: 'closedate', old: strftime(versions.prev_close_at, '%Y-%m-%dT%H:%M:%SZ'),
                new: strftime(versions.close_at, '%Y-%m-%dT%H:%M:%SZ')},
            {property: 'hubspot_owner_id', old: plan.owner_id(versions.prev_owner_no),
                new: plan.owner_id(versions.owner_no)},
            {property: 'pipeline', old: case when versions.version_no > 0 then stages.pipeline_id end,
                new: stages.pipeline_id},
            {property: 'hs_manual_forecast_category', old: plan.manual_category(versions.prev_category),
                new: plan.manual_category(versions.category)}
        ]) as change
    from plan.versions as versions
    inner join deal_now as now on now.deal_no = versions.deal_no and now.is_hubspot and not now.is_purged
    inner join plan.stages_now as stages on stages.stage_no = versions.stage_no
    left join plan.stages_now as before on before.stage_no = versions.prev_stage_no
    where versions.happened_at > getvariable('lo') and versions.happened_at <= getvariable('hi')
)
select
    'deals' as object_type,
    plan.deal_id(deal_no) as object_id,
    change.property as property,
    change.new as value,
    happened_at as timestamp,
    case when version_no = 0 and deal_no % 4 = 0 then 'INTEGRATION' else 'CRM_UI' end as source_type,
    'userId:' || plan.owner_user_id(owner_no) as source_id,
    plan.owner_user_id(owner_no) as updated_by_user_id
from changes
where change.old is distinct from change.new and __NOT_EDITED__
order by all
""".replace("__NOT_EDITED__", _NOT_EDITED)
