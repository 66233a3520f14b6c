"""Microsoft's opportunity sample as an export of a Salesforce org: its star schema in files named after API objects.

A row of its fact table is an opportunity here: stage, revenue and dates stand there, and one opportunity of the sample
has two such rows.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

# source id in the warehouse: the sandbox gives the 15 characters their checksum
ROWS = """
select
    '006MS' || lpad(cast(row_number() over (order by "Opportunity ID", "Create Date") as varchar), 10, '0') as id,
    *
from '{folder}/no_pv_Fact.csv'
inner join '{folder}/no_pv_SalesStage.csv' using ("Sales Stage ID")
inner join '{folder}/no_pv_Opportunity.csv' using ("Opportunity ID")
inner join '{folder}/no_pv_Product.csv' using ("Product ID")
"""
_FILES = {
    "Opportunity": """
        select
            id as "Id",
            '001MS' || lpad(cast(cast("Account ID" as integer) as varchar), 10, '0') as "AccountId",
            "Name",
            "Sales Stage" as "StageName",
            cast("ProductRevenue" as decimal(18, 2)) as "Amount",
            cast("Probability" * 100 as integer) as "Probability",
            cast("EstimatedCloseDate" as date) as "CloseDate",
            "Create Date" as "CreatedDate",
            false as "IsClosed",
            false as "IsWon"
        from facts order by id""",
    "OpportunityLineItem": """
        select
            '00k' || substr(id, 4) as "Id",
            id as "OpportunityId",
            "Product Code" as "Name",
            "Product Code" as "ProductCode",
            1 as "Quantity",
            cast("ProductRevenue" as decimal(18, 2)) as "UnitPrice",
            cast("ProductRevenue" as decimal(18, 2)) as "TotalPrice",
            "Create Date" as "CreatedDate"
        from facts order by id""",
    "OpportunityStage": """
        select
            '01JMS' || lpad(cast(cast("Sales Stage ID" as integer) as varchar), 10, '0') as "Id",
            "Sales Stage" as "MasterLabel",
            cast("Probability" * 100 as integer) as "DefaultProbability",
            'Pipeline' as "ForecastCategory",
            cast("Sales Stage ID" as integer) as "SortOrder"
        from '{folder}/no_pv_SalesStage.csv' order by "SortOrder" """,
    "Account": """
        select
            '001MS' || lpad(cast(cast("Account ID" as integer) as varchar), 10, '0') as "Id",
            "Account" as "Name",
            "Segment" as "Type"
        from '{folder}/no_pv_Account.csv' order by "Account ID" """,
}


def write_export(sample: Path, folder: Path) -> Path:
    """Write the sample's rows into files named after API objects; returns their folder."""
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"create view facts as {ROWS.format(folder=sample)}")
        for name, query in _FILES.items():
            target = folder / f"{name}.csv"
            connection.execute(f"copy ({query.format(folder=sample)}) to '{target}' (header, force_quote *)")
    return folder


def stored_revenue(sample: Path) -> dict[str, tuple[object, object]]:
    """What the sample itself says of each row, by the id that it has in the warehouse: revenue, factored revenue."""
    with duckdb.connect() as connection:
        rows = connection.execute(f"""
            select id, cast("ProductRevenue" as decimal(18, 2)), cast("FactoredProductRevenue" as decimal(18, 2))
            from ({ROWS.format(folder=sample)})""").fetchall()
    return {id_: (revenue, factored) for id_, revenue, factored in rows}
