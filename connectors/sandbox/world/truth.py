"""What is true of the world: each deal's real outcome, each deletion and merge, what forecasts came to.

Read off the plan, never off the visible tables, so that a warehouse built from those can be compared with it.
"""

import duckdb

from connectors.sandbox.world.names import HUBSPOT_LOSS_REASONS, SALESFORCE_LOSS_REASONS
from connectors.sandbox.world.stages import COMMIT
from connectors.sandbox.world.storage import upsert

_CLASS_NAMES = {2: "lost_competitor", 3: "no_decision", 4: "lost_other"}

_TABLES = """
    create schema truth;
    create table truth.findings (check_id varchar, crm varchar, pipeline_id varchar, stage_id varchar,
        entity_type varchar,
        entity_id varchar, detail json);
    create table truth.opportunities (crm varchar, id varchar, outcome_class varchar, loss_reason varchar,
        pipeline_id varchar,
        stage_id varchar, amount decimal(18, 2), close_date date, created_at timestamp, closed_at timestamp,
            owner_id varchar,
        is_deleted boolean, crosswalk_id varchar);
    create table truth.deletions (crm varchar, object varchar, id varchar, deleted_at timestamp, kind varchar);
    create table truth.merges (crm varchar, object varchar, loser_id varchar, winner_id varchar, merged_at timestamp);
    create table truth.forecast (crm varchar, id varchar, snapshot_at timestamp, quarter_start date,
        amount decimal(18, 2),
        close_date date, outcome varchar);
"""


def create_truth(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty truth tables, and the macro that says what a loss reason means."""
    connection.execute(_TABLES)
    cases = {
        crm: " ".join(f"when {number} then '{_CLASS_NAMES[kind]}'" for number, (_, kind) in enumerate(reasons, start=1))
        for crm, reasons in (("salesforce", SALESFORCE_LOSS_REASONS), ("hubspot", HUBSPOT_LOSS_REASONS))
    }
    connection.execute(f"""
        create or replace macro plan.loss_class(is_hubspot, n) as coalesce(
            case when is_hubspot then case n {cases["hubspot"]} end else case n {cases["salesforce"]} end end,
                'lost_unknown')""")
    connection.execute("""
        create or replace macro plan.outcome(canonical, is_hubspot, n) as case canonical when 7 then 'won'
            when 8 then plan.loss_class(is_hubspot, n) else 'open' end""")


def write_truth(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring outcomes, deletions, merges and forecasts up to the clock."""
    upsert(connection, "truth.opportunities", ["crm", "id"], _OPPORTUNITY)
    for statement in (_DELETIONS, _MERGES, _FORECAST):
        connection.execute(statement)


_OPPORTUNITY = """
select
    crm,
    case when is_hubspot then plan.deal_id(deal_no) else plan.opportunity_id(deal_no) end as id,
    plan.outcome(canonical, is_hubspot, reason) as outcome_class,
    case when is_hubspot then plan.hubspot_reason(reason) else plan.salesforce_reason(reason) end as loss_reason,
    pipeline_id, stage_id, plan.money(amount) as amount, cast(close_at as date) as close_date, shown_created_at
        as created_at,
    case when canonical >= 7 then coalesce(stage_changed_at, created_at) end as closed_at,
    case when is_hubspot then plan.owner_id(owner_no) else plan.user_id(owner_no) end as owner_id,
    is_deleted,
    case when twin_no is null then null when is_hubspot then plan.opportunity_id(twin_no)
        else plan.deal_id(twin_no) end as crosswalk_id
from deal_now
"""

_DELETIONS = """
insert into truth.deletions
with contacts as (
    select contacts.*, accounts.is_hubspot from plan.contacts as contacts inner join plan.accounts
        as accounts using (account_no)
),
deletions as (
    select 'salesforce' as crm, 'Opportunity' as object, plan.opportunity_id(deal_no) as id, deleted_at, 'soft' as kind
    from plan.deals where not is_hubspot
    union all
    select 'salesforce', 'Opportunity', plan.opportunity_id(deal_no), purged_at, 'hard' from plan.deals
        where not is_hubspot
    union all
    select 'salesforce', 'Contact', plan.contact_id(contact_no), deleted_at, 'soft' from contacts where not is_hubspot
    union all
    select 'salesforce', 'Contact', plan.contact_id(contact_no), purged_at, 'hard' from contacts where not is_hubspot
    union all
    select 'hubspot', 'deals', plan.deal_id(deal_no), deleted_at, case when purged_at is null then 'archived'
        else 'privacy' end
    from plan.deals where is_hubspot
    union all
    select 'hubspot', 'contacts', plan.hubspot_contact_id(contact_no), deleted_at,
        case when purged_at is null then 'archived' else 'privacy' end
    from contacts where is_hubspot
)
select * from deletions where deleted_at > getvariable('lo') and deleted_at <= getvariable('hi')
order by all
"""

_MERGES = """
insert into truth.merges
with contacts as (
    select contacts.*, accounts.is_hubspot from plan.contacts as contacts inner join plan.accounts
        as accounts using (account_no)
),
merges as (
    select 'salesforce' as crm, 'Account' as object, plan.account_id(account_no) as loser_id,
        plan.account_id(merged_into_no) as winner_id, merged_at
    from plan.accounts where not is_hubspot
    union all
    select 'salesforce', 'Contact', plan.contact_id(contact_no), plan.contact_id(account_no * 4), merged_at
    from contacts where not is_hubspot
    union all
    select 'hubspot', 'companies', plan.company_id(unnest([account_no, merged_into_no])),
        plan.merged_company_id(account_no), merged_at
    from plan.accounts where is_hubspot
    union all
    select 'hubspot', 'contacts', plan.hubspot_contact_id(unnest([contact_no, contact_no - 1])),
        plan.merged_contact_id(contact_no), merged_at
    from contacts where is_hubspot
)
select * from merges where merged_at > getvariable('lo') and merged_at <= getvariable('hi')
order by all
"""

# deals that stood in commit at a weekly snapshot of the quarter they were to close in, and what they were at its end
_FORECAST = f"""
create or replace table truth.forecast as
with quarters as (
    select cast(unnest(generate_series(timestamp '2024-01-01', getvariable('hi'), interval 3 months)) as timestamp)
        as quarter_start
),
snapshots as (
    select quarter_start, quarter_start + interval 3 months as quarter_end,
        unnest(generate_series(quarter_start, quarter_start + interval 3 months - interval 1 second,
            interval 7 days)) as snapshot_at
    from quarters
),
commits as (
    select versions.*, deals.is_hubspot, deals.deleted_at
    from plan.versions as versions
    inner join plan.deals as deals using (deal_no)
    inner join plan.stages_now as stages using (stage_no)
    where not stages.is_closed and coalesce(stages.canonical, 0) < 7
        and (versions.category = {COMMIT} or (deals.is_hubspot and versions.category = 0 and stages.canonical = 6))
),
called as (
    select commits.deal_no, commits.is_hubspot, commits.deleted_at, commits.amount, commits.close_at, snapshots.*
    from commits inner join snapshots
        on snapshots.snapshot_at >= commits.happened_at
        and (commits.ended_at is null or snapshots.snapshot_at < commits.ended_at)
    where snapshots.snapshot_at <= getvariable('hi')
        and commits.close_at >= snapshots.quarter_start and commits.close_at < snapshots.quarter_end
        and (commits.deleted_at is null or commits.deleted_at > snapshots.snapshot_at)
)
select
    case when called.is_hubspot then 'hubspot' else 'salesforce' end as crm,
    case when called.is_hubspot then plan.deal_id(called.deal_no) else plan.opportunity_id(called.deal_no) end as id,
    called.snapshot_at, cast(called.quarter_start as date) as quarter_start, plan.money(called.amount) as amount,
    cast(called.close_at as date) as close_date,
    case
        when called.deleted_at <= least(called.quarter_end, getvariable('hi')) then 'deleted'
        when stages.canonical >= 7 then plan.outcome(stages.canonical, called.is_hubspot, later.reason)
        when later.close_at >= called.quarter_end or called.quarter_end <= getvariable('hi') then 'slipped'
        else 'still_open'
    end as outcome
from called
inner join plan.versions as later
    on later.deal_no = called.deal_no
    and later.happened_at <= least(called.quarter_end, getvariable('hi'))
    and (later.ended_at is null or later.ended_at > least(called.quarter_end, getvariable('hi')))
inner join plan.stages_now as stages on stages.stage_no = later.stage_no
order by all
"""
