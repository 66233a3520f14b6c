"""What an extractor's output gets wrong after the next day, against the world that it read."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.extract.extractors import FORMULA, Extractor, Ours, Place


@dataclass(frozen=True)
class Verdict:
    """Records by kind of error. `lost`: in the CRM and not, or as deleted, in the output. `stale`: known by an older
    stamp. `formulas`: known by the newest stamp, with an older value of a formula. `ghosts`: known as live, and
    deleted, merged away or gone in the CRM. `doubled`: rows beyond one a record.
    """

    records: int
    lost: int
    stale: int
    formulas: int
    ghosts: int
    doubled: int


def count_rows(extractor: Extractor, place: Place) -> int:
    """Rows that the extractor read up to and with this night."""
    with _open(extractor, place) as connection:
        row = connection.execute(extractor.rows_sql(place)).fetchone()
    return int(row[0] or 0) if row else 0


def judge(extractor: Extractor, place: Place, world: Path) -> Verdict | None:
    """Compare what the extractor knows with the world file; None where its output keeps no table of records."""
    known = extractor.known_sql(place)
    if known is None:
        return None
    with _open(extractor, place) as connection:
        connection.execute(f"attach '{world}' as world (read_only)")
        connection.execute(f"create temp table known as {known}")
        connection.execute(f"create temp table truth as {_truth_sql(connection, extractor)}")
        row = connection.execute(
            "select (select count(*) from truth where not is_deleted), "
            "count(*) filter (not truth.is_deleted and not truth.is_logged and coalesce(known.is_deleted, true)), "
            "count(*) filter (not truth.is_deleted and not known.is_deleted and known.modified < truth.modified), "
            "count(*) filter (object = 'Opportunity' and not truth.is_deleted and not known.is_deleted "
            "and known.modified = truth.modified "
            "and try_cast(known.formula as decimal(28, 6)) is distinct from truth.formula), "
            "count(*) filter (coalesce(truth.is_deleted, true) and not known.is_deleted), "
            "(select coalesce(sum(copies - 1), 0) from known) "
            "from (select object, id, is_deleted, formula, "
            "try_cast(try_cast(modified as timestamptz) as timestamp) as modified "
            "from known where object in (select distinct object from truth)) as known "
            "full join truth using (object, id)"
        ).fetchone()
    return Verdict(*map(int, row)) if row else None


def _open(extractor: Extractor, place: Place) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    if isinstance(extractor, Ours):
        connection.execute(f"attach '{extractor.warehouse(place)}' as ours (read_only)")
    return connection


def _truth_sql(connection: duckdb.DuckDBPyConnection, extractor: Extractor) -> str:
    if extractor.crm == "hubspot":
        return " union all ".join(
            f"select '{name}' as object, id, updated_at as modified, "
            "archived or merged_into is not null as is_deleted, false as is_logged, "
            "cast(null as decimal(28, 6)) as formula "
            f'from world.hubspot."{name}"'
            for name in extractor.judged
        )
    columns = dict(
        connection.execute(
            "select table_name, list(column_name) from duckdb_columns() "
            "where database_name = 'world' and schema_name = 'salesforce' group by all"
        ).fetchall()
    )
    selects = []
    for name in extractor.judged:
        stamp = next(field for field in ("SystemModstamp", "LastModifiedDate", "CreatedDate") if field in columns[name])
        deleted = '"IsDeleted"' if "IsDeleted" in columns[name] else "false"
        # what goes with its parent stands in the delete log, whatever its own flag says: neither lost nor a ghost
        logged = f"\"Id\" in (select id from world.salesforce._deleted where object = '{name}')"
        formula = f'"{FORMULA}"' if name == "Opportunity" else "null"
        selects.append(
            f'select \'{name}\' as object, "Id" as id, "{stamp}" as modified, {deleted} as is_deleted, '
            f"{logged} as is_logged, "
            f'cast({formula} as decimal(28, 6)) as formula from world.salesforce."{name}"'
        )
    return " union all ".join(selects)
