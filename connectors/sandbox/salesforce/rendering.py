"""Rows as Salesforce sends them, made by DuckDB: JSON records for REST, CSV for Bulk.

Numbers are printed as the service's Java does: `12000.0`, and from ten million up `1.25E7` (seen in both APIs).
"""

import io

import duckdb
from pyarrow import csv

from connectors.sandbox.catalogue import COMPOUND_TYPES
from connectors.sandbox.salesforce.fields import Parent
from connectors.sandbox.salesforce.objects import NUMBER_TYPES
from connectors.sandbox.salesforce.plan import Column, Plan
from connectors.sandbox.state import SCRATCH

_NUMBER = f"{SCRATCH}.salesforce_number"
_STAMP = "%Y-%m-%dT%H:%M:%S.%g"


def install_number_format(cursor: duckdb.DuckDBPyConnection) -> None:
    """Define the macro that both formats print decimals with."""
    cursor.execute(f"""
        CREATE OR REPLACE MACRO {_NUMBER}(given) AS
            CASE WHEN abs(given) < 10000000 THEN CAST(CAST(given AS DOUBLE) AS VARCHAR)
            ELSE if(given < 0, '-', '')
                || left(CAST(abs(given) AS VARCHAR), 1) || '.'
                || coalesce(nullif(rtrim(substr(replace(CAST(abs(given) AS VARCHAR), '.', ''), 2), '0'), ''), '0')
                || 'E' || CAST(length(split_part(CAST(abs(given) AS VARCHAR), '.', 1)) - 1 AS VARCHAR)
            END
    """)


def json_first_records(cursor: duckdb.DuckDBPyConnection, plan: Plan, version: str, at_most: int) -> list[str]:
    """The first records of a query, straight from the world."""
    rows = cursor.execute(
        f"SELECT {_record_json(plan, version)} FROM ({plan.rows_sql}) LIMIT {at_most}", list(plan.parameters)
    ).fetchall()
    return [row[0] for row in rows]


def json_records(
    cursor: duckdb.DuckDBPyConnection, table: str, plan: Plan, version: str, first: int, count: int
) -> bytes:
    """Records `first` to `first + count` of a table made from `plan.rows_sql`, joined by commas."""
    rows = cursor.execute(
        f"SELECT {_record_json(plan, version)} FROM {table} WHERE rowid >= ? AND rowid < ? ORDER BY rowid",
        [first, first + count],
    ).fetchall()
    return ",".join([row[0] for row in rows]).encode()


def csv_rows(
    cursor: duckdb.DuckDBPyConnection, table: str, plan: Plan, delimiter: str, first: int, count: int
) -> bytes:
    """Rows `first` to `first + count` as CSV with a header; everything quoted, null as an empty string."""
    selected = ", ".join(f'{_csv_value(column, place)} AS "{column.name}"' for place, column in enumerate(plan.columns))
    rows = cursor.execute(
        f"SELECT {selected} FROM {table} WHERE rowid >= ? AND rowid < ? ORDER BY rowid", [first, first + count]
    ).to_arrow_table()
    text = io.BytesIO()
    csv.write_csv(rows, text, csv.WriteOptions(delimiter=delimiter, quoting_style="all_valid"))
    return text.getvalue()


def _record_json(plan: Plan, version: str) -> str:
    if plan.is_aggregate:
        pieces = ['\'"attributes":{"type":"AggregateResult"}\'']
    else:
        pieces = [_attributes(plan.object_name, "record_id", version)]
    done: set[str] = set()
    for place, column in enumerate(plan.columns):
        if column.parent is None:
            pieces.append(f"'\"{column.name}\":' || {_json_value(column, place)}")
        elif column.parent.relationship not in done:
            done.add(column.parent.relationship)
            pieces.append(_parent_json(column.parent, plan, version))
    return _object(pieces)


def _parent_json(parent: Parent, plan: Plan, version: str) -> str:
    inner = [_attributes(parent.object_name, f'"{parent.alias}"', version)]
    for place, column in enumerate(plan.columns):
        if column.parent is not None and column.parent.relationship == parent.relationship:
            inner.append(f"'\"{column.name.split('.')[1]}\":' || {_json_value(column, place)}")
    return f"'\"{parent.relationship}\":' || CASE WHEN \"{parent.alias}\" IS NULL THEN 'null' ELSE {_object(inner)} END"


def _object(pieces: list[str]) -> str:
    # concat_ws: a chain of || costs DuckDB's optimizer 50 ms for 30 fields
    return f"'{{' || concat_ws(',', {', '.join(pieces)}) || '}}'"


def _attributes(object_name: str, id_sql: str, version: str) -> str:
    url = f"/services/data/v{version}/sobjects/{object_name}/"
    return f'\'"attributes":{{"type":"{object_name}","url":"{url}\' || {id_sql} || \'"}}\''


def _json_value(column: Column, place: int) -> str:
    value = f"c{place}"
    if column.kind == "datetime":
        text = f"'\"' || strftime({value}, '{_STAMP}+0000\"')"
    elif column.kind == "date":
        text = f"'\"' || CAST({value} AS VARCHAR) || '\"'"
    elif column.kind in ("boolean", "int"):
        text = f"CAST({value} AS VARCHAR)"
    elif column.kind in NUMBER_TYPES:
        text = f"{_NUMBER}({value})"
    elif column.kind in COMPOUND_TYPES:
        text = f"CAST({value} AS VARCHAR)"
    elif column.kind == "anyType":
        number = f"{_NUMBER}(TRY_CAST({value} AS DECIMAL(18, 2)))"
        text = f"CASE WHEN is_number THEN {number} ELSE CAST(to_json({value}) AS VARCHAR) END"
    else:
        text = f"CAST(to_json({value}) AS VARCHAR)"
    return f"coalesce({text}, 'null')"


def _csv_value(column: Column, place: int) -> str:
    value = f"c{place}"
    if column.kind == "datetime":
        text = f"strftime({value}, '{_STAMP}Z')"
    elif column.kind in NUMBER_TYPES and column.kind != "int":
        text = f"{_NUMBER}({value})"
    else:
        text = f"CAST({value} AS VARCHAR)"
    return f"coalesce({text}, '')"
