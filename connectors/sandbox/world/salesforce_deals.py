"""Salesforce's opportunities and what belongs to them, as of the clock: rows, both histories, lines, contact roles."""

import duckdb

from connectors.sandbox.world.identifiers import VERSIONS_PER_DEAL
from connectors.sandbox.world.stages import CATEGORY_ENUMS, CATEGORY_NAMES
from connectors.sandbox.world.storage import upsert


def write_opportunities(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write every touched opportunity and its children; counts of rows written by object."""
    _create_macros(connection)
    written = {
        name: upsert(connection, f'salesforce."{name}"', ["Id"], select)
        for name, select in (
            ("Opportunity", _OPPORTUNITY),
            ("OpportunityHistory", _HISTORY),
            ("OpportunityFieldHistory", _FIELD_HISTORY),
            ("OpportunityLineItem", _LINE_ITEM),
            ("OpportunityContactRole", _CONTACT_ROLE),
        )
    }
    for name in written:
        link = "Id" if name == "Opportunity" else "OpportunityId"
        # in the bin: the opportunity takes its children along, and so does leaving the bin
        connection.execute(f"""
            insert into salesforce._deleted
            select '{name}', children."Id", deals.deleted_at, false
            from plan.deals as deals
            inner join salesforce."{name}" as children on children."{link}" = plan.opportunity_id(deals.deal_no)
            where not deals.is_hubspot and deals.deleted_at > getvariable('lo')
                and deals.deleted_at <= getvariable('hi')""")
    for name in reversed(written):
        link = "Id" if name == "Opportunity" else "OpportunityId"
        connection.execute(f"""
            create or replace temp table gone_rows as
            select children."Id" as id, deals.purged_at
            from plan.deals as deals
            inner join salesforce."{name}" as children on children."{link}" = plan.opportunity_id(deals.deal_no)
            where not deals.is_hubspot and deals.purged_at <= getvariable('hi')""")
        connection.execute(f"insert into salesforce._deleted select '{name}', id, purged_at, true from gone_rows")
        connection.execute(f'delete from salesforce."{name}" where "Id" in (select id from gone_rows)')
    return written


def _create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    for name, words in (("category_enum", CATEGORY_ENUMS), ("category_name", CATEGORY_NAMES)):
        cases = " ".join(f"when {number} then '{word}'" for number, word in words.items())
        connection.execute(f"create or replace macro plan.{name}(n) as case n {cases} end")
    connection.execute("create or replace macro plan.money(cents) as cast(cents / 100 as decimal(18, 2))")
    connection.execute("""
        create or replace macro plan.salesforce_reason(n) as case
            when n >= 100 then case n - 100 when 2 then 'tbd' end
            when n > 0 then getvariable('salesforce_reasons')[n] end""")


_OPPORTUNITY = """
select
    plan.opportunity_id(deal_no) as "Id",
    is_deleted as "IsDeleted",
    plan.account_id(account_now_no) as "AccountId",
    plan.salesforce_id('012', case when type = 0 then 1 else 2 end) as "RecordTypeId",
    deal_name as "Name",
    case when deal_no % 5 = 0 then 'Asked for ' || lower(getvariable('deal_subjects')[subject + 1])
        || ' in the first call.' end
        as "Description",
    stage_id as "StageName",
    plan.money(amount) as "Amount",
    probability as "Probability",
    cast(plan.money(amount) * probability / 100 as decimal(18, 2)) as "ExpectedRevenue",
    case when deal_no % 11 = 0 then 1 + deal_no % 7 end as "TotalOpportunityQuantity",
    cast(close_at as date) as "CloseDate",
    ['New Customer', 'Existing Customer - Upgrade', 'Existing Customer - Replacement'][type + 1] as "Type",
    case when next_step > 0 and not is_closed then getvariable('next_steps')[next_step] end as "NextStep",
    case when has_source then getvariable('lead_sources')[source + 1] end as "LeadSource",
    is_closed as "IsClosed",
    is_won as "IsWon",
    plan.category_enum(category) as "ForecastCategory",
    plan.category_name(category) as "ForecastCategoryName",
    coalesce(line_count > 0 and amount is not null, false) as "HasOpportunityLineItem",
    plan.user_id(owner_no) as "OwnerId",
    shown_created_at as "CreatedDate",
    plan.user_id(creator_no) as "CreatedById",
    greatest(version_at, shown_created_at) as "LastModifiedDate",
    plan.user_id(owner_no) as "LastModifiedById",
    greatest(touched_at, shown_created_at) as "SystemModstamp",
    cast(last_activity_at as date) as "LastActivityDate",
    push_count as "PushCount",
    stage_changed_at as "LastStageChangeDate",
    plan.salesforce_reason(reason) as "Loss_Reason__c",
    case when competitor > 0 then getvariable('competitors')[competitor] end as "Competitor__c",
    case when twin_no is not null then plan.deal_id(twin_no) end as "HubSpot_Deal_Id__c"
from deal_now where not is_hubspot and not is_purged
"""

# a row is touched again when the next one supersedes it, and when the opportunity goes to the bin
_HISTORY = f"""
select
    plan.salesforce_id('008', versions.deal_no * {VERSIONS_PER_DEAL} + versions.version_no) as "Id",
    plan.opportunity_id(versions.deal_no) as "OpportunityId",
    plan.user_id(versions.owner_no) as "CreatedById",
    versions.happened_at as "CreatedDate",
    stages.stage_id as "StageName",
    plan.money(versions.amount) as "Amount",
    cast(plan.money(versions.amount) * versions.probability / 100 as decimal(18, 2)) as "ExpectedRevenue",
    cast(versions.close_at as date) as "CloseDate",
    versions.probability as "Probability",
    plan.category_enum(versions.category) as "ForecastCategory",
    case when versions.prev_amount is distinct from versions.amount then plan.money(versions.prev_amount) end
        as "PrevAmount",
    case when cast(versions.prev_close_at as date) <> cast(versions.close_at as date)
        then cast(versions.prev_close_at as date) end as "PrevCloseDate",
    greatest(
        versions.happened_at,
        case when versions.superseded_at <= getvariable('hi') then versions.superseded_at end,
        case when now.is_deleted then now.deleted_at end
    ) as "SystemModstamp",
    now.is_deleted as "IsDeleted"
from deal_now as now
inner join plan.versions as versions using (deal_no)
inner join plan.stages_now as stages on stages.stage_no = versions.stage_no
where not now.is_hubspot and not now.is_purged and versions.in_history and versions.happened_at <= getvariable('hi')
    and (
        versions.happened_at > getvariable('lo')
        or (versions.superseded_at > getvariable('lo') and versions.superseded_at <= getvariable('hi'))
        or (now.is_deleted and now.deleted_at > getvariable('lo'))
    )
"""

# owners are saved twice, by name and by id, as Salesforce does
_FIELD_HISTORY = f"""
with changes as (
    select
        versions.deal_no, versions.version_no, versions.happened_at, versions.owner_no as changed_by,
        unnest([
            {{place: 0, field: 'StageName', kind: 'DynamicEnum', old: before.stage_id, new: stages.stage_id}},
            {{place: 1, field: 'Amount', kind: 'Currency', old: cast(plan.money(versions.prev_amount) as varchar),
                new: cast(plan.money(versions.amount) as varchar)}},
            {{place: 2, field: 'CloseDate', kind: 'DateOnly', old: cast(cast(versions.prev_close_at as date)
                as varchar),
                new: cast(cast(versions.close_at as date) as varchar)}},
            {{place: 3, field: 'ForecastCategoryName', kind: 'DynamicEnum',
                old: plan.category_name(versions.prev_category),
                new: plan.category_name(versions.category)}},
            {{place: 4, field: 'Owner', kind: 'EntityId', old: plan.user_id(versions.prev_owner_no),
                new: plan.user_id(versions.owner_no)}},
            {{place: 5, field: 'Owner', kind: 'Text', old: sellers_before.first_name || ' ' || sellers_before.last_name,
                new: case when versions.prev_owner_no is distinct from versions.owner_no
                    then sellers.first_name || ' ' || sellers.last_name
                    else sellers_before.first_name || ' ' || sellers_before.last_name end}}
        ]) as change
    from plan.versions as versions
    inner join deal_now as now on now.deal_no = versions.deal_no and not now.is_hubspot and not now.is_purged
    inner join plan.stages_now as stages on stages.stage_no = versions.stage_no
    inner join plan.stages_now as before on before.stage_no = versions.prev_stage_no
    inner join people as sellers on sellers.user_no = versions.owner_no
    inner join people as sellers_before on sellers_before.user_no = versions.prev_owner_no
    where versions.version_no > 0 and versions.happened_at > getvariable('lo')
        and versions.happened_at <= getvariable('hi')
)
select
    plan.salesforce_id('017', (deal_no * {VERSIONS_PER_DEAL} + version_no) * 8 + change.place) as "Id",
    false as "IsDeleted",
    plan.opportunity_id(deal_no) as "OpportunityId",
    plan.user_id(changed_by) as "CreatedById",
    happened_at as "CreatedDate",
    change.field as "Field",
    change.kind as "DataType",
    change.old as "OldValue",
    change.new as "NewValue"
from changes
where change.old is distinct from change.new
"""

_LINE_ITEM = """
with lines as (
    select
        items.* replace (greatest(items.created_at, amounts.priced_at) as created_at),
        now.is_deleted, now.deleted_at, now.creator_no, amounts.changed_at,
        plan.money(cast(floor(now.amount * to_percent / 100) as bigint) - cast(floor(now.amount * from_percent / 100)
            as bigint)) as total
    from plan.line_items as items
    inner join deal_now as now using (deal_no)
    inner join (
        -- lines are there once there is an amount
        select deal_no, max(happened_at) filter (version_no = 0 or amount is distinct from prev_amount) as changed_at,
            min(happened_at) filter (amount is not null) as priced_at
        from plan.versions where happened_at <= getvariable('hi') group by deal_no
    ) as amounts using (deal_no)
    where not now.is_purged and now.amount is not null and items.created_at <= getvariable('hi')
)
select
    plan.salesforce_id('00k', deal_no * 8 + line_no) as "Id",
    is_deleted as "IsDeleted",
    plan.opportunity_id(deal_no) as "OpportunityId",
    line_no + 1 as "SortOrder",
    plan.salesforce_id('01t', product + 1) as "Product2Id",
    getvariable('product_codes')[product + 1] as "ProductCode",
    getvariable('product_names')[product + 1] as "Name",
    quantity as "Quantity",
    total as "TotalPrice",
    cast(total / quantity as decimal(18, 2)) as "UnitPrice",
    cast(total / quantity / (1 - discount_percent / 100) as decimal(18, 2)) as "ListPrice",
    nullif(discount_percent, 0) as "Discount",
    null as "ServiceDate",
    null as "Description",
    created_at as "CreatedDate",
    plan.user_id(creator_no) as "CreatedById",
    greatest(created_at, changed_at) as "LastModifiedDate",
    plan.user_id(creator_no) as "LastModifiedById",
    greatest(created_at, changed_at, case when is_deleted then deleted_at end) as "SystemModstamp"
from lines
where greatest(created_at, changed_at, case when is_deleted then deleted_at end) > getvariable('lo')
"""

_CONTACT_ROLE = """
select
    plan.salesforce_id('00K', roles.deal_no * 4 + roles.place) as "Id",
    plan.opportunity_id(roles.deal_no) as "OpportunityId",
    plan.contact_id(roles.contact_no) as "ContactId",
    getvariable('contact_roles')[roles.role + 1] as "Role",
    roles.place = 0 as "IsPrimary",
    coalesce(deals.deleted_at <= getvariable('hi'), false) as "IsDeleted",
    roles.created_at as "CreatedDate",
    plan.user_id(deals.creator_no) as "CreatedById",
    roles.created_at as "LastModifiedDate",
    plan.user_id(deals.creator_no) as "LastModifiedById",
    greatest(roles.created_at, case when deals.deleted_at <= getvariable('hi') then deals.deleted_at end)
        as "SystemModstamp"
from plan.deal_contacts as roles
inner join plan.deals as deals using (deal_no)
where not deals.is_hubspot and coalesce(deals.purged_at > getvariable('hi'), true)
    and (deals.deleted_at is null or roles.created_at < deals.deleted_at) and roles.created_at <= getvariable('hi')
    and greatest(roles.created_at, case when deals.deleted_at <= getvariable('hi')
        then deals.deleted_at end) > getvariable('lo')
"""
