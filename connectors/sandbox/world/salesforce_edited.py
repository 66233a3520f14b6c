"""What edits from outside did to a world's Salesforce side, and how played days leave it standing.

A record that was edited is no longer the plan's: days to come leave it alone, give no children to one that is gone,
and keep the values of added fields in the rows that they write.
"""

import duckdb

PARENTS = ("OpportunityId", "WhatId")


def is_edited(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anyone ever edited this world's Salesforce side."""
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'salesforce' and table_name in ('_edited', '_schema')"
    ).fetchone()
    return found is not None


def keep_edits(connection: duckdb.DuckDBPyConnection, object_name: str, rows: str) -> None:
    """Take out of the temp table `rows` what edits have settled, and put in what they added."""
    connection.execute("create table if not exists salesforce._edited (object varchar, id varchar)")
    connection.execute(
        f'delete from {rows} where "Id" in (select id from salesforce._edited where object = ?)', [object_name]
    )
    columns = [row[0] for row in connection.execute(f"describe {rows}").fetchall()]
    for parent in PARENTS:
        if parent in columns:
            connection.execute(
                f"""delete from {rows} where "{parent}" in (select id from salesforce._edited
                where object = 'Opportunity' and id not in (select "Id" from salesforce."Opportunity"))"""
            )
    standing = [row[0] for row in connection.execute(f'describe salesforce."{object_name}"').fetchall()]
    added = ", ".join(_kept(name) for name in standing if name not in columns)
    if added:
        connection.execute(f"""
            create or replace temp table {rows} as select {rows}.*, {added}
            from {rows} left join salesforce."{object_name}" as standing using ("Id")""")


def _kept(name: str) -> str:
    # every record of a multi-currency org has a currency, new ones the company's
    default = (
        'coalesce(standing.{0}, (select any_value("IsoCode") from salesforce."CurrencyType" where'
        ' "IsCorporate")) as {0}'
    )
    return default.format(f'"{name}"') if name == "CurrencyIsoCode" else f'standing."{name}"'
