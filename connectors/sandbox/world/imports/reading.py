"""Files of an export as typed tables: columns matched to the catalogue, unreadable values named by row and column."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import SALESFORCE, SalesforceField, salesforce_fields

# reports and Data Loader write dates the American way, APIs write ISO 8601; two-digit years first: %Y would accept them
_DATES = "['%m/%d/%y', '%m/%d/%Y', '%Y-%m-%d']"
_TIMES = [
    f"{day} {time}" for time in ("%I:%M %p", "%I:%M:%S %p", "%H:%M", "%H:%M:%S") for day in ("%m/%d/%y", "%m/%d/%Y")
]
_KINDS = {
    "boolean": "true or false",
    "int": "a whole number",
    "date": "a date (02/23/26, 02/23/2026 or 2026-02-23)",
    "datetime": "a time (02/23/26 08:55 PM or 2026-02-23T20:55:00Z; times without an offset are read as UTC)",
    "currency": "a number",
    "double": "a number",
    "percent": "a number",
    "id": "a Salesforce id of 15 or 18 characters",
    "reference": "a Salesforce id of 15 or 18 characters",
}
# columns beyond the API's that tell something the API's columns lost
HINTS = {"OpportunityHistory": "OpportunityHistoryKey"}
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class ImportRefusedError(ValueError):
    """A file cannot become part of a world: the message names file, row, column and value. The exporter must act."""


@dataclass
class ImportSummary:
    """What an import took and what it left out."""

    rows: dict[str, int] = field(default_factory=dict)
    ignored_files: list[str] = field(default_factory=list)
    ignored_columns: dict[str, list[str]] = field(default_factory=dict)
    derived: dict[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The same for a terminal, one fact per line."""
        told = [f"{count} rows of {name}" for name, count in self.rows.items()]
        told += [f"{count} rows of {name} derived" for name, count in self.derived.items() if count]
        told += [f"{name}: left out {', '.join(columns)}" for name, columns in self.ignored_columns.items()]
        return told + [f"{name}: left out, no API object has that name" for name in self.ignored_files]


def create_id_macro(connection: duckdb.DuckDBPyConnection) -> None:
    """`full_id(text)`: an id of 15 characters gets its checksum, one of 18 stays, anything else is null."""
    letters = []
    for chunk in range(3):
        bits = " + ".join(
            f"(case when substr(id, {chunk * 5 + place + 1}, 1) between 'A' and 'Z' then {1 << place} else 0 end)"
            for place in range(5)
        )
        letters.append(f"substr('{_CHECKSUM}', cast({bits} as integer) + 1, 1)")
    connection.execute(f"""
        create or replace temp macro full_id(id) as case
            when regexp_full_match(id, '[a-zA-Z0-9]{{18}}') then id
            when regexp_full_match(id, '[a-zA-Z0-9]{{15}}') then id || {" || ".join(letters)} end""")


def read_salesforce_file(connection: duckdb.DuckDBPyConnection, path: Path, summary: ImportSummary) -> set[str]:
    """Load one CSV into `imported_<object>` with the catalogue's types and a `line` number; returns the fields it had.

    Raises:
        ImportRefusedError: the file has no Id column, or a value that its field cannot hold.
    """
    name = salesforce_object_of(path) or path.stem
    connection.execute(
        "create or replace temp table texts as select row_number() over () + 1 as line, * from "
        + _read_csv(connection, path)
    )
    columns = [str(row[0]) for row in connection.execute("describe texts").fetchall()][1:]
    known = {column.lower().strip(): column for column in columns}
    fields = [item for item in salesforce_fields(name) if item.name.lower() in known]
    if "id" not in known:
        raise ImportRefusedError(
            f"{path.name} has no column Id. Export the object with its ids, or take the file out of the folder."
        )
    hint = known.get(HINTS.get(name, "").lower())
    taken = {known[item.name.lower()] for item in fields} | {hint}
    if ignored := [column for column in columns if column not in taken]:
        summary.ignored_columns[path.name] = ignored
    for item in fields:
        _refuse_unreadable(connection, path, item, known[item.name.lower()])
    values = ", ".join(f'{_converted(item, known[item.name.lower()])} as "{item.name}"' for item in fields)
    hinted = _text(hint) if hint else "cast(null as varchar)"
    select = f"select line, {hinted} as hint, {values} from texts order by line"
    connection.execute(f'create or replace temp table "imported_{name}" as {select}')
    _refuse_doubles(connection, path, name)
    return {item.name for item in fields}


def salesforce_object_of(path: Path) -> str | None:
    """The API object that a file is named after, whatever its case."""
    return next(
        (name for name in SALESFORCE if path.suffix.lower() == ".csv" and path.stem.lower() == name.lower()), None
    )


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
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


def _text(column: str) -> str:
    escaped = column.replace('"', '""')
    return f"nullif(trim(\"{escaped}\"), '')"


def _converted(item: SalesforceField, column: str) -> str:
    text = _text(column)
    if item.type == "boolean":
        return f"try_cast({text} as boolean)"
    if item.type in ("id", "reference"):
        return f"full_id({text})"
    if item.type == "date":
        return f"coalesce(cast(try_strptime({text}, {_DATES}) as date), try_cast({text} as date))"
    if item.type == "datetime":
        iso = f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"
        return f"coalesce(try_strptime({text}, {_TIMES}), try_strptime({text}, {_DATES}), {iso})"
    if item.type in ("int", "currency", "double", "percent"):
        return f"try_cast(replace({text}, ',', '') as {item.duckdb_type})"
    return text


def _refuse_unreadable(connection: duckdb.DuckDBPyConnection, path: Path, item: SalesforceField, column: str) -> None:
    text = _text(column)
    row = connection.execute(f"""
        select line, {text} from texts where {text} is not null and {_converted(item, column)} is null
        order by line limit 1""").fetchone()
    if row is not None:
        raise ImportRefusedError(
            f"{path.name}, row {row[0]}, column {column}: {row[1]!r} is not {_KINDS[item.type]}."
            " Correct the value, or leave it empty."
        )
    if item.name == "Id":
        row = connection.execute(
            f"select line from texts where {_text(column)} is null order by line limit 1"
        ).fetchone()
        if row is not None:
            raise ImportRefusedError(
                f"{path.name}, row {row[0]}, column {column}: '' is no id. Every record needs one."
            )


def _refuse_doubles(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    row = connection.execute(
        f'select max(line), "Id" from "imported_{name}" group by "Id" having count(*) > 1 order by 1 limit 1'
    ).fetchone()
    if row is not None:
        raise ImportRefusedError(
            f"{path.name}, row {row[0]}, column Id: {row[1]!r} is there twice. Keep the newer record."
        )
