"""An export of a Salesforce org as a world: what the files hold, and what an org has that nobody exports."""

from datetime import datetime

import duckdb

from connectors.sandbox.catalogue import salesforce_fields
from connectors.sandbox.world.imports.completing import complete_opportunities, complete_stages, note_unknown_parents
from connectors.sandbox.world.imports.derived import DERIVED_RECORD_TYPES, DERIVED_STAGES, DERIVED_USERS
from connectors.sandbox.world.imports.hubspot import OLDEST_RECORDS
from connectors.sandbox.world.imports.summary import ImportSummary
from connectors.sandbox.world.stages import (
    CATEGORY_ENUMS,
    CLOSED,
    DEFAULT_PIPELINE,
    OMITTED,
    stages_on,
)
from connectors.sandbox.world.stages import (
    SALESFORCE as CRM,
)
from connectors.sandbox.world.storage import fetch_row

_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


def fill_salesforce(connection: duckdb.DuckDBPyConnection, fields: dict[str, set[str]], summary: ImportSummary) -> None:
    """Write the imported objects into schema salesforce, then the objects that no file brought."""
    first = _first_stamp(connection, fields)
    if "OpportunityHistory" in fields:
        _sharpen_history(connection, fields["OpportunityHistory"], fields.get("Opportunity", set()))
    user_id = _main_user(connection, fields)
    for name in fields:
        _write_object(connection, name, fields[name], first, user_id)
        count = connection.execute(f'select count(*) from salesforce."{name}"').fetchone()
        summary.rows[name] = int(count[0]) if count else 0
    complete_opportunities(connection, fields)
    complete_stages(connection, fields)
    note_unknown_parents(connection, fields, summary)
    for name, derive in (
        ("OpportunityStage", DERIVED_STAGES),
        ("User", DERIVED_USERS),
        ("RecordType", DERIVED_RECORD_TYPES),
    ):
        if name not in fields:
            stamp = f"timestamp '{first}'"
            written = connection.execute(
                f'insert into salesforce."{name}" by name {derive.format(stamp=stamp)}'
            ).fetchone()
            summary.derived[name] = int(written[0]) if written else 0
    connection.execute("""
        update salesforce."Opportunity" as deals set "SystemModstamp" = greatest("SystemModstamp", newest.made_at)
        from (select "OpportunityId", max("CreatedDate") as made_at from salesforce."OpportunityHistory" group by 1)
            as newest
        where newest."OpportunityId" = deals."Id" """)


def derive_organization(connection: duckdb.DuckDBPyConnection, summary: ImportSummary) -> None:
    """The organization that state.world names, unless a file brought one."""
    if "Organization" not in summary.rows:
        connection.execute("""
            insert into salesforce."Organization" by name
            select org_id as "Id", 'Imported' as "Name", 'IMP0' as "InstanceName", true as "IsSandbox",
                'USD' as "DefaultCurrencyIsoCode", 'Etc/UTC' as "TimeZoneSidKey", clock - interval 1 day
                    as "SystemModstamp"
            from state.world""")
        summary.derived["Organization"] = 1
    else:
        connection.execute('update state.world set org_id = (select any_value("Id") from salesforce."Organization")')


def stock_stages(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `stock_stages`: what an org has unless it changed it; all open ones forecast as Pipeline."""
    columns = "label varchar, place double, probability integer, category varchar"
    connection.execute(f"create or replace temp table stock_stages ({columns})")
    for stage in stages_on((), 0):
        if (stage.crm, stage.pipeline_id) == (CRM, DEFAULT_PIPELINE):
            category = CATEGORY_ENUMS[stage.category if stage.category in (CLOSED, OMITTED) else 1]
            connection.execute(
                "insert into stock_stages values (?, ?, ?, ?)", [stage.label, stage.order, stage.probability, category]
            )


def _first_stamp(connection: duckdb.DuckDBPyConnection, fields: dict[str, set[str]]) -> datetime:
    """The earliest stamp in any file: what stands in where a file has none."""
    columns = [(name, stamp) for name, known in fields.items() for stamp in _STAMPS if stamp in known]
    stamps = [f'select "{stamp}" as stamp from "imported_{name}"' for name, stamp in columns] or [OLDEST_RECORDS]
    first: datetime | None = fetch_row(connection, f"select min(COLUMNS(*)) from ({' union all '.join(stamps)})")[0]
    return first or datetime(2024, 1, 1)  # noqa: DTZ001 - the world's columns are naive UTC


def _sharpen_history(connection: duckdb.DuckDBPyConnection, fields: set[str], of_deals: set[str]) -> None:
    """Give history rows of one minute the order, and where the file tells it the second, in which they happened.

    Reports cut times to the minute, but their OpportunityHistoryKey ends in the second of SystemModstamp: when a
    row was superseded, which is when the next one was made. The row that agrees with the deal is the last one.
    """
    if "SystemModstamp" not in fields:
        connection.execute('alter table "imported_OpportunityHistory" add column "SystemModstamp" timestamp')
    is_current = "false"
    if "StageName" in fields & of_deals:
        is_current = """exists (from "imported_Opportunity" as deals
            where deals."Id" = "OpportunityId" and deals."StageName" = rows."StageName")"""
    connection.execute(f"""
        create or replace temp table "imported_OpportunityHistory" as
        with told as (
            select rows.*, {is_current} as is_current,
                case when substr(hint, 37) = strftime("SystemModstamp", '%-m%-d%Y%-I%M') || substr(hint, -4)
                    then try_cast(substr(hint, -4, 2) as integer) end as told_second
            from "imported_OpportunityHistory" as rows
        ),
        sharp as (
            select * replace ("SystemModstamp" + to_seconds(coalesce(told_second, 0)) as "SystemModstamp") from told
        ),
        placed as (
            select *, lag("SystemModstamp") over life as made_at, row_number() over (minute order by place) - 1 as tie
            from (select *, row_number() over (order by "CreatedDate", "SystemModstamp" nulls last, is_current, line)
                as place from sharp)
            window life as (partition by "OpportunityId" order by place), minute as (partition by "OpportunityId",
                "CreatedDate")
        )
        select * exclude (is_current, told_second, place, made_at, tie) replace (
            case when date_trunc('minute', made_at) = "CreatedDate" then made_at + to_seconds(case when tie > 1
                then tie else 0 end)
                else "CreatedDate" + to_seconds(tie) end as "CreatedDate")
        from placed""")


def _main_user(connection: duckdb.DuckDBPyConnection, fields: dict[str, set[str]]) -> str:
    """The user most often named; one of ours where the export names none."""
    union = _user_mentions(fields)
    if not union:
        return "005bm000000IMP1AAO"
    row = connection.execute(
        f"select id from ({union}) where id is not null group by id order by count(*) desc, id limit 1"
    ).fetchone()
    return str(row[0]) if row else "005bm000000IMP1AAO"


def _user_mentions(fields: dict[str, set[str]]) -> str:
    return " union all ".join(
        f'select "{item.name}" as id from "imported_{name}"'
        for name, known in fields.items()
        for item in salesforce_fields(name)
        if item.reference_to == "User" and item.name in known
    )


def _write_object(
    connection: duckdb.DuckDBPyConnection, name: str, known: set[str], first: datetime, user_id: str
) -> None:
    available = [stamp for stamp in _STAMPS if stamp in known]
    stamps = {
        "SystemModstamp": available,
        "LastModifiedDate": available[::-1][:2][::-1] or available,
        "CreatedDate": ["CreatedDate"],
    }
    values = []
    for item in salesforce_fields(name):
        column = f'"{item.name}"'
        if item.name in stamps:
            choices = [f'rows."{stamp}"' for stamp in stamps[item.name] if stamp in known]
            least = ", ".join(
                [
                    f"timestamp '{first}'",
                    *([f'rows."{stamp}"' for stamp in available] if item.name == "CreatedDate" else []),
                ]
            )
            fallback = f"least({least})" if item.name == "CreatedDate" else f"timestamp '{first}'"
            value = f"coalesce({', '.join([*choices, fallback])})"
        elif item.name == "IsDeleted":
            value = f"coalesce(rows.{column}, false)" if item.name in known else "false"
        elif item.reference_to == "User" and item.name != "ManagerId":
            value = f"coalesce(rows.{column}, '{user_id}')" if item.name in known else f"'{user_id}'"
        elif item.name in known:
            value = f"rows.{column}"
        else:
            value = f"cast(null as {item.duckdb_type})"
        values.append(f"{value} as {column}")
    select = f'select {", ".join(values)} from "imported_{name}" as rows order by line'
    connection.execute(f'insert into salesforce."{name}" by name {select}')
