"""Fields that an export of Salesforce leaves out, from those it has; and what it names and does not hold."""

import duckdb

from connectors.sandbox.catalogue import salesforce_fields
from connectors.sandbox.world.imports.summary import ImportSummary
from connectors.sandbox.world.stages import CATEGORY_ENUMS, CATEGORY_NAMES

_CASES = " ".join(f"when '{CATEGORY_ENUMS[number]}' then '{label}'" for number, label in CATEGORY_NAMES.items())
_CATEGORY_NAME = f'case "ForecastCategory" {_CASES} end'


def complete_opportunities(connection: duckdb.DuckDBPyConnection, fields: dict[str, set[str]]) -> None:
    """Fill what a report leaves out: category and previous values from the history, flags from the probability."""
    if "OpportunityHistory" in fields:
        known = fields["OpportunityHistory"]
        for previous, column in (("PrevAmount", "Amount"), ("PrevCloseDate", "CloseDate")):
            if previous not in known:
                connection.execute(f"""
                    update salesforce."OpportunityHistory" as rows set "{previous}" = life.before
                    from (
                        select "Id", "{column}" as now,
                            lag("{column}") over (partition by "OpportunityId" order by "CreatedDate") as before
                        from salesforce."OpportunityHistory"
                    ) as life
                    where life."Id" = rows."Id" and life.before is distinct from life.now""")
    if "Opportunity" not in fields:
        return
    known = fields["Opportunity"]
    for flag, claim in (("IsClosed", '"Probability" in (0, 100)'), ("IsWon", '"Probability" = 100')):
        if flag not in known:
            connection.execute(f'update salesforce."Opportunity" set "{flag}" = coalesce({claim}, false)')
    if "ForecastCategory" not in known:
        connection.execute("""
            update salesforce."Opportunity" as deals set "ForecastCategory" = coalesce(
                (select arg_max(rows."ForecastCategory", rows."CreatedDate") from salesforce."OpportunityHistory"
                    as rows
                    where rows."OpportunityId" = deals."Id"),
                case when "IsWon" then 'Closed' when "IsClosed" then 'Omitted' else 'Pipeline' end)""")
    if "ForecastCategoryName" not in known:
        connection.execute(f'update salesforce."Opportunity" set "ForecastCategoryName" = {_CATEGORY_NAME}')


def complete_stages(connection: duckdb.DuckDBPyConnection, fields: dict[str, set[str]]) -> None:
    """What a list of stages leaves out: their order is that of the file, and they are in use."""
    if "OpportunityStage" not in fields:
        return
    claims = {
        "ApiName": '"MasterLabel"',
        "IsActive": "true",
        "SortOrder": "place.line",
        "ForecastCategoryName": _CATEGORY_NAME.replace('"Forecast', 'stages."Forecast'),
        "IsWon": """stages."ForecastCategory" = 'Closed'""",
        "IsClosed": """stages."ForecastCategory" in ('Closed', 'Omitted')""",
    }
    for name in sorted(claims.keys() - fields["OpportunityStage"]):
        connection.execute(f"""
            update salesforce."OpportunityStage" as stages set "{name}" = {claims[name]}
            from (select "Id", row_number() over (order by line) as line from "imported_OpportunityStage") as place
            where place."Id" = stages."Id" """)


def note_unknown_parents(
    connection: duckdb.DuckDBPyConnection, fields: dict[str, set[str]], summary: ImportSummary
) -> None:
    """Tell of rows that name a record which its own file does not hold: the warehouse will not know it either."""
    for name in fields:
        for item in salesforce_fields(name):
            parent = item.reference_to
            if item.name not in fields[name] or parent not in fields or parent == "User":
                continue
            # a reference may lead to several objects; its first three characters say to which
            row = connection.execute(f"""
                select count(*) from salesforce."{name}"
                where substr("{item.name}", 1, 3) in (select substr("Id", 1, 3) from salesforce."{parent}")
                    and "{item.name}" not in (select "Id" from salesforce."{parent}")""").fetchone()
            if row is not None and row[0]:
                summary.notes.append(f"{name}: {row[0]} rows whose {item.name} is no {parent} of the folder")
