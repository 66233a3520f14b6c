"""The visible CRMs: the plan up to the clock, written into schemas `salesforce` and `hubspot`.

One code path makes a new world and plays a day: whatever has an event in (lo, hi] is written as it stands at hi.
A new world is the window from the beginning of time.
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from connectors.sandbox.catalogue import HUBSPOT, SALESFORCE, hubspot_properties, salesforce_fields
from connectors.sandbox.world import names
from connectors.sandbox.world.days import day_number
from connectors.sandbox.world.stages import CATEGORY_ENUMS, CATEGORY_NAMES, stages_on

BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001 - the world's columns are naive UTC

_HUBSPOT_METADATA = """
    create table hubspot._property_history (object_type varchar, object_id varchar, property varchar, value varchar,
        timestamp timestamp, source_type varchar, source_id varchar, updated_by_user_id varchar);
    create table hubspot._associations (from_type varchar, from_id varchar, to_type varchar, to_id varchar,
        category varchar, type_id integer, label varchar);
    create table hubspot._pipelines (id varchar, label varchar, display_order integer, archived boolean,
        created_at timestamp, updated_at timestamp);
    create table hubspot._stages (pipeline_id varchar, id varchar, label varchar, display_order integer,
        probability varchar, is_closed varchar, archived boolean, created_at timestamp, updated_at timestamp);
    create table hubspot._owners (id varchar, email varchar, first_name varchar, last_name varchar, user_id varchar,
        type varchar, archived boolean, created_at timestamp, updated_at timestamp, teams json);
"""
_WORDS: dict[str, Sequence[str]] = {
    "first_names": names.FIRST_NAMES,
    "last_names": names.LAST_NAMES,
    "company_heads": names.COMPANY_HEADS,
    "company_tails": names.COMPANY_TAILS,
    "company_forms": names.COMPANY_FORMS,
    "industries": [label for label, _ in names.INDUSTRIES],
    "hubspot_industries": [value for _, value in names.INDUSTRIES],
    "cities": [place[0] for place in names.PLACES],
    "states": [place[1] for place in names.PLACES],
    "postal_codes": [place[2] for place in names.PLACES],
    "countries": [place[3] for place in names.PLACES],
    "job_titles": names.JOB_TITLES,
    "departments": names.DEPARTMENTS,
    "contact_roles": names.CONTACT_ROLES,
    "buying_roles": names.HUBSPOT_BUYING_ROLES,
    "lead_sources": names.LEAD_SOURCES,
    "hubspot_sources": names.HUBSPOT_SOURCES,
    "deal_subjects": names.DEAL_SUBJECTS,
    "next_steps": names.NEXT_STEPS,
    "competitors": names.COMPETITORS,
    "product_names": [name for name, _, _ in names.PRODUCTS],
    "product_codes": [code for _, code, _ in names.PRODUCTS],
    "salesforce_reasons": [reason for reason, _ in names.SALESFORCE_LOSS_REASONS],
    "hubspot_reasons": [reason for reason, _ in names.HUBSPOT_LOSS_REASONS],
    "email_subjects": names.EMAIL_SUBJECTS,
    "call_subjects": names.CALL_SUBJECTS,
    "meeting_subjects": names.MEETING_SUBJECTS,
    "task_subjects": names.TASK_SUBJECTS,
}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables of both CRMs, exactly as the catalogue lists them."""
    connection.execute("create schema salesforce; create schema hubspot")
    for name in SALESFORCE:
        columns = ", ".join(f'"{field.name}" {field.duckdb_type}' for field in salesforce_fields(name))
        connection.execute(f'create table salesforce."{name}" ({columns})')
    connection.execute(
        "create table salesforce._deleted (object varchar, id varchar, deleted_at timestamp, is_hard boolean)"
    )
    for name in HUBSPOT:
        columns = ", ".join(f'"{prop.name}" varchar' for prop in hubspot_properties(name))
        connection.execute(
            f"create table hubspot.{name} (id varchar, created_at timestamp, updated_at timestamp, archived boolean,"
            f" archived_at timestamp, merged_into varchar, {columns})"
        )
    connection.execute(_HUBSPOT_METADATA)


def open_window(connection: duckdb.DuckDBPyConnection, plants: frozenset[str], lo: datetime, hi: datetime) -> None:
    """Set what every statement of a window reads: its bounds, the words, the stages as they stand, touched deals."""
    for name, words in _WORDS.items():
        listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
        connection.execute(f"set variable {name} = [{listed}]")
    connection.execute(
        f"set variable lo = timestamp '{lo:%Y-%m-%d %H:%M:%S}'; set variable hi = timestamp '{hi:%Y-%m-%d %H:%M:%S}'"
    )
    write_stages_now(connection, plants, day_number(hi.date()) - 1)
    connection.execute("""
        create or replace temp table people as
        select * replace (getvariable('first_names')[first_name + 1] as first_name,
            getvariable('last_names')[last_name + 1] as last_name)
        from plan.users""")
    connection.execute(_TOUCHED)
    connection.execute(_DEAL_NOW)


def write_stages_now(connection: duckdb.DuckDBPyConnection, plants: frozenset[str], day: int) -> None:
    """Set plan.stages_now to the stages as they stand at the end of a day."""
    connection.execute("""
        create or replace table plan.stages_now (stage_no bigint, crm varchar, pipeline_id varchar, stage_id varchar,
            label varchar, place bigint, probability bigint, category_enum varchar, category_name varchar,
            canonical bigint, is_closed boolean, is_won boolean, is_active boolean, changed_day integer,
            is_ghost boolean)""")
    rows = [
        [
            *(stage.no, stage.crm, stage.pipeline_id, stage.id, stage.label, place, stage.probability),
            *(CATEGORY_ENUMS[stage.category], CATEGORY_NAMES[stage.category], stage.canonical),
            *(stage.is_closed, stage.is_won, stage.retired_day is None or stage.retired_day > day),
            *(stage.changed_day, stage.ghost),
        ]
        for place, stage in enumerate(stages_on(plants, day))
    ]
    connection.executemany(f"insert into plan.stages_now values ({', '.join('?' * len(rows[0]))})", rows)


# deals with any event in the window, and the newest of those events: the record's modification stamp
_TOUCHED = """
create or replace temp table touched as
with events as (
    select deal_no, happened_at as touched_at from plan.versions
    union all
    select deal_no, deleted_at from plan.deals
    union all
    select deals.deal_no, accounts.merged_at
    from plan.deals as deals inner join plan.accounts as accounts using (account_no)
    where accounts.merged_at >= deals.created_at
    union all
    -- HubSpot merges both companies into a new one: the deals of either are linked anew
    select deals.deal_no, losers.merged_at
    from plan.deals as deals inner join plan.accounts as losers on losers.merged_into_no = deals.account_no
    where deals.is_hubspot and losers.merged_at >= deals.created_at
    union all
    select deal_no, entered_at from plan.activities
    union all
    select deal_no, coalesce(done_at, starts_at) from plan.activities where kind <> 4 or done_at is not null
    union all
    select deal_no, max(created_at) from plan.line_items group by deal_no
)
select deals.deal_no, max(events.touched_at) as touched_at
from events inner join plan.deals as deals using (deal_no)
where events.touched_at > getvariable('lo') and events.touched_at <= getvariable('hi')
    and (deals.deleted_at is null or events.touched_at <= deals.deleted_at)
    and deals.created_at <= getvariable('hi')
group by deals.deal_no
"""

_DEAL_NOW = """
create or replace temp table deal_now as
select
    deals.*, touched.touched_at,
    versions.* exclude (deal_no, happened_at, stage_no), versions.happened_at as version_at,
        stages.* exclude (probability),
    stages.probability as probability_now,
    coalesce(deals.deleted_at <= getvariable('hi'), false) as is_deleted,
    coalesce(deals.purged_at <= getvariable('hi'), false) as is_purged,
    activity.last_activity_at, activity.activity_count,
    lines.line_count,
    getvariable('company_heads')[accounts.head + 1] || ' ' || getvariable('company_tails')[accounts.tail + 1]
        || ' - ' || getvariable('deal_subjects')[deals.subject + 1] as deal_name,
    case when accounts.merged_at <= least(getvariable('hi'), coalesce(deals.deleted_at, getvariable('hi')))
        then accounts.merged_into_no else accounts.account_no end as account_now_no,
    accounts.merged_at <= least(getvariable('hi'), coalesce(deals.deleted_at, getvariable('hi'))) as is_account_merged
from touched
inner join plan.deals as deals using (deal_no)
inner join plan.versions as versions
    on versions.deal_no = touched.deal_no and versions.happened_at <= getvariable('hi')
    and (versions.ended_at is null or versions.ended_at > getvariable('hi'))
inner join plan.stages_now as stages using (stage_no)
inner join plan.accounts as accounts using (account_no)
left join (
    select deal_no, max(coalesce(done_at, starts_at)) as last_activity_at, count(*) as activity_count
    from plan.activities
    where coalesce(done_at, starts_at) <= getvariable('hi') and (kind <> 4 or done_at is not null)
    group by deal_no
) as activity using (deal_no)
left join (
    select deal_no, count(*) as line_count from plan.line_items where created_at <= getvariable('hi') group by deal_no
) as lines using (deal_no)
"""
