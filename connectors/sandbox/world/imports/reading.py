"""CSV files of a Salesforce export as typed tables: headings matched to the catalogue, bad values named by place."""

from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import SALESFORCE, SalesforceField, salesforce_fields
from connectors.sandbox.world.imports.summary import ImportRefusedError, ImportSummary
from connectors.sandbox.world.imports.values import NUMBERS, converted, id_macro, is_rounded, kind_of, text_of

# columns beyond the API's that tell something the API's columns lost
HINTS = {"OpportunityHistory": "OpportunityHistoryKey"}
# without these a row says nothing
_NEEDED = {"OpportunityHistory": ("Id", "OpportunityId", "CreatedDate"), "OpportunityStage": ("Id", "MasterLabel")}


def create_id_macro(connection: duckdb.DuckDBPyConnection) -> None:
    """`full_id(text)`, see `id_macro`."""
    connection.execute(id_macro())


def salesforce_object_of(path: Path) -> str | None:
    """The API object that a file is named after, whatever its case."""
    return next(
        (name for name in SALESFORCE if path.suffix.lower() == ".csv" and path.stem.lower() == name.lower()), None
    )


def read_salesforce_file(connection: duckdb.DuckDBPyConnection, path: Path, summary: ImportSummary) -> set[str]:
    """Load one CSV into `imported_<object>` with the catalogue's types and a `line` number; returns the fields it had.

    Headings are the API's names in any case, or as data pipelines write them (`is_deleted`, `loss_reason_c`).

    Raises:
        ImportRefusedError: the file has no Id column, or a value that its field cannot hold.
    """
    name = salesforce_object_of(path) or path.stem
    select = f"select row_number() over () + 1 as line, * from {csv_of(connection, path)}"
    connection.execute(f"create or replace temp table texts as {select}")
    columns = [str(row[0]) for row in connection.execute("describe texts").fetchall()][1:]
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(_folded(column), column)
    fields = [item for item in salesforce_fields(name) if _folded(item.name) in known]
    for needed in _NEEDED.get(name, ("Id",)):
        if _folded(needed) not in known:
            raise ImportRefusedError(
                f"{path.name} has no column {needed}. Export the object with it, or take the file out of the folder."
            )
    hint = known.get(_folded(HINTS.get(name, "")))
    taken = {known[_folded(item.name)] for item in fields} | {hint}
    if ignored := [column for column in columns if column not in taken]:
        summary.ignored_columns[path.name] = ignored
    for item in fields:
        _refuse_unreadable(connection, path, item, known[_folded(item.name)])
        _note_rounded(connection, path, item, known[_folded(item.name)], summary)
    values = ", ".join(f'{converted(item, known[_folded(item.name)])} as "{item.name}"' for item in fields)
    hinted = text_of(hint) if hint else "cast(null as varchar)"
    select = f"select line, {hinted} as hint, {values} from texts order by line"
    connection.execute(f'create or replace temp table "imported_{name}" as {select}')
    _refuse_doubles(connection, path, name)
    return {item.name for item in fields}


def csv_of(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """The table expression that reads a CSV file as texts.

    Raises:
        ImportRefusedError: it is none, or its rows are not all of one length.
    """
    quoted = str(path).replace("'", "''")
    source = (
        f"read_csv('{quoted}', header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', "
        "parallel = false, strict_mode = true, null_padding = false)"
    )
    try:
        connection.execute(f"select count(*) from {source}")
    except duckdb.Error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in lines if "Line" in line or "row" in line.lower()), lines[0])
        raise ImportRefusedError(
            f"{path.name} is not a CSV file that can be read: {reason}. Export it again."
        ) from error
    return source


def _folded(heading: str) -> str:
    name = heading.strip().lower()
    for suffix in ("__c", "_c"):
        if name.endswith(suffix):
            return name.removesuffix(suffix).replace("_", "") + "__c"
    return name.replace("_", "")


def _refuse_unreadable(connection: duckdb.DuckDBPyConnection, path: Path, item: SalesforceField, column: str) -> None:
    text = text_of(column)
    row = connection.execute(f"""
        select line, {text} from texts where {text} is not null and {converted(item, column)} is null
        order by line limit 1""").fetchone()
    if row is not None:
        raise ImportRefusedError(
            f"{path.name}, row {row[0]}, column {column}: {row[1]!r} is not {kind_of(item)}."
            f" {'Every record needs its own' if item.name == 'Id' else 'Correct the value, or leave it empty'}."
        )
    if item.name == "Id":
        row = connection.execute(f"select line from texts where {text} is null order by line limit 1").fetchone()
        if row is not None:
            raise ImportRefusedError(
                f"{path.name}, row {row[0]}, column {column}: '' is no id. Every record needs one."
            )


def _note_rounded(
    connection: duckdb.DuckDBPyConnection, path: Path, item: SalesforceField, column: str, summary: ImportSummary
) -> None:
    if item.type not in NUMBERS:
        return
    row = connection.execute(f"select count(*) from texts where {is_rounded(item, column)}").fetchone()
    if row is not None and row[0]:
        summary.notes.append(f"{path.name}, column {column}: {row[0]} values rounded to two decimal places")


def _refuse_doubles(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    row = connection.execute(
        f'select max(line), "Id" from "imported_{name}" group by "Id" having count(*) > 1 order by 1 limit 1'
    ).fetchone()
    if row is not None:
        raise ImportRefusedError(
            f"{path.name}, row {row[0]}, column Id: {row[1]!r} is there twice. Keep the newer record."
        )
