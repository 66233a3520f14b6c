"""Two warehouses table by table: is what grew by a day the same as what was built from nothing?"""

from pathlib import Path

import duckdb

SCHEMAS = ("intermediate", "marts")


def differing_tables(grown: Path, built: Path) -> dict[str, int]:
    """Tables and how many of their rows are in one file only; empty where both hold the same rows."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{grown}' as grown (read_only)")
        connection.execute(f"attach '{built}' as built (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name in ('grown', 'built') and schema_name in (?, ?) "
            # what the tables were built of is no part of what they hold
            "and table_name not like 'built!_%' escape '!' group by all having count(*) = 2 order by all",
            SCHEMAS,
        ).fetchall()
        differing = {}
        for schema, table in tables:
            name = f'{schema}."{table}"'
            columns = ", ".join(
                f'"{row[0]}"' for row in connection.execute(f"describe grown.{name}").fetchall()
            )  # incremental tables may hold them in another order
            # sets of hashes: fast, and a table that holds a row twice differs by its count
            query = (
                f"with a as (select hash({columns}) as h, count(*) as n from grown.{name} group by 1), "
                f"b as (select hash({columns}) as h, count(*) as n from built.{name} group by 1) "
                "select coalesce(sum(abs(coalesce(a.n, 0) - coalesce(b.n, 0))), 0) from a full join b using (h)"
            )
            (rows,) = connection.execute(query).fetchone() or (0,)
            if rows:
                differing[name] = int(rows)
    return differing
