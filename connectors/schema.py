"""Objects, columns, types: what crosses from CRM metadata to Parquet and to raw tables."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from connectors.errors import ConfigurationError

MAX_DECIMAL_DIGITS = 38  # DuckDB's widest DECIMAL
MAX_CSV_LINE = 32_000_000  # bytes; Salesforce rich text holds 131,072 characters, and a record has many of them
MAX_JSON_OBJECT = 256_000_000  # bytes; a page of 2,000 wide records is one JSON object

_TYPE = re.compile(r"VARCHAR|VARCHAR\[\]|BOOLEAN|INTEGER|BIGINT|DOUBLE|DATE|TIMESTAMP|DECIMAL\((\d{1,2}),(\d{1,2})\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SEVERAL = "VARCHAR[]"  # several choices of a list
_INTEGER_DIGITS = {"INTEGER": 10, "BIGINT": 19}


@dataclass(frozen=True)
class Column:
    """A column of a raw table: the CRM's own name, and a DuckDB type.

    Types are VARCHAR, VARCHAR[] (several choices), BOOLEAN, INTEGER, BIGINT, DOUBLE, DATE, TIMESTAMP (always UTC)
    and DECIMAL(p,s).
    """

    name: str
    duckdb_type: str

    def __post_init__(self) -> None:
        """Refuse a type that the widening rules do not know."""
        object.__setattr__(self, "duckdb_type", self.duckdb_type.replace(" ", "").upper())
        if not _TYPE.fullmatch(self.duckdb_type):
            raise ConfigurationError(f"Column {self.name} has type {self.duckdb_type}, which is none of ours.")
        if self.name.lower() in META_NAMES or not self.name:
            raise ConfigurationError(f"A CRM column may not be called {self.name!r}: the warehouse uses that name.")


META_NAMES = frozenset(
    [
        "_record_id",
        "_modified_at",
        "_is_deleted",
        "_deleted_at",
        "_merged_into",
        "_load_id",
        "_content_hash",
        "_calculated_as_of",
        "_known_until",
    ]
)
# what every raw table has besides the CRM's columns, in this order
META_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_record_id", "VARCHAR"),
    ("_modified_at", "TIMESTAMP"),
    ("_is_deleted", "BOOLEAN"),
    ("_deleted_at", "TIMESTAMP"),
    ("_merged_into", "VARCHAR"),
    ("_load_id", "VARCHAR"),
    ("_content_hash", "VARCHAR"),
    ("_calculated_as_of", "TIMESTAMP"),  # UTC; up to when the record's calculated values are known
)
# the same without what the merge adds: what a part holds
MERGE_COLUMNS = frozenset(["_load_id", "_calculated_as_of"])
PART_META_COLUMNS = tuple((name, kind) for name, kind in META_COLUMNS if name not in MERGE_COLUMNS)
# of a part that holds several nights: the end of the window that the row was read in, UTC
KNOWN_UNTIL = "_known_until"
# of a record: JSON of the values that do not fit their column's type, in the CRM's text; null where all fit
UNFIT_VALUES = "unfit_values"
# what a privacy deletion leaves of a record, in lower case: its ids and stamps
KEPT_WHEN_ERASED = frozenset(["id", "hs_object_id", "created_at", "updated_at", "archived", "archived_at"])


@dataclass(frozen=True)
class TableSchema:
    """The CRM's columns of one object, in order; names are unique whatever their case."""

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        """Refuse two columns that DuckDB could not tell apart."""
        names = [column.name.lower() for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise ConfigurationError(f"Two columns differ in case only: {', '.join(twice)}. Leave one of them out.")

    @classmethod
    def of(cls, columns: Mapping[str, str]) -> "TableSchema":
        """The schema of a name → DuckDB type mapping."""
        return cls(tuple(Column(name, kind) for name, kind in columns.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """Column names as the CRM writes them, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits that change with any name, type or order."""
        text = json.dumps([[column.name, column.duckdb_type] for column in self.columns])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> list[list[str]]:
        """[[name, type], …], as manifests keep it."""
        return [[column.name, column.duckdb_type] for column in self.columns]

    @classmethod
    def from_json(cls, columns: Sequence[Sequence[str]]) -> "TableSchema":
        """The reverse of `as_json`."""
        return cls(tuple(Column(name, kind) for name, kind in columns))


def raw_table(object_name: str) -> str:
    """The raw table of an object: `OpportunityHistory` → `opportunity_history`, `Quota__c` → `quota__c`."""
    if not _NAME.fullmatch(object_name):
        raise ConfigurationError(f"{object_name!r} cannot be a CRM object's name.")
    if "__" in object_name:
        return object_name.lower()
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", object_name).lower()


def quote(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | None) -> str:
    """`value` as an SQL literal.

    The connectors write values into their SQL instead of binding them: DuckDB's Python client imports pandas and
    pyarrow at the first bound parameter, 1.3 s in every process that would otherwise need neither.
    """
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def widen(old: str, new: str) -> str:
    """The narrowest type that holds every value of both, and never narrower than `old`.

    Text is the last resort: a date column that becomes boolean ends as VARCHAR, and no value is lost. Beside several
    choices anything is a list of choices, of one if need be.
    """
    if old == new:
        return old
    if SEVERAL in (old, new):
        return SEVERAL
    if {old, new} == {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    if {old, new} <= {*_INTEGER_DIGITS, "DOUBLE"} and "DOUBLE" in (old, new):
        return "DOUBLE" if "BIGINT" not in (old, new) else "VARCHAR"  # a double holds integers to 2^53 only
    old_digits, new_digits = _digits(old), _digits(new)
    if old_digits is None or new_digits is None:
        return "VARCHAR"
    whole, scale = max(old_digits[0], new_digits[0]), max(old_digits[1], new_digits[1])
    if scale == 0 and {old, new} <= set(_INTEGER_DIGITS):
        return "BIGINT"
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= MAX_DECIMAL_DIGITS else "VARCHAR"


def converted(expression: str, old: str, new: str) -> str:
    """SQL that makes a value of type `old` one of type `new`, which `widen` gave.

    A text becomes a list as the CRMs write several choices: divided by semicolons. Joined, it is the text it was.
    """
    if old == new:
        return expression
    if new != SEVERAL:
        return f"cast({expression} as {new})"
    text = expression if old == "VARCHAR" else f"cast({expression} as VARCHAR)"
    return f"string_split({text}, ';')"


def unfit_without(expression: str, names: Iterable[str]) -> str:
    """SQL for unfit values, by `expression`, without those of some columns; null if none are left."""
    gone = json.dumps(dict.fromkeys(names))
    return f"nullif(cast(json_merge_patch(coalesce({expression}, '{{}}'), {literal(gone)}) as varchar), '{{}}')"


def _digits(duckdb_type: str) -> tuple[int, int] | None:
    """(digits before the point, digits after it) of an exact number type, None for any other."""
    if duckdb_type in _INTEGER_DIGITS:
        return _INTEGER_DIGITS[duckdb_type], 0
    match = _TYPE.fullmatch(duckdb_type)
    if match is None or match.group(1) is None:
        return None
    return int(match.group(1)) - int(match.group(2)), int(match.group(2))


def csv_source(files: Sequence[Path], columns: Mapping[str, str], *, delimiter: str = ",") -> str:
    """SQL that reads CSV files with a header (RFC 4180; empty means null), in file order.

    `columns` names every column of the header, in the header's order, with its type. A TIMESTAMP is read with
    its offset and turned to UTC when it is landed.
    """
    spec = ", ".join(f"{literal(name)}: {literal(_wire_type(kind))}" for name, kind in columns.items())
    return (
        f"read_csv({_file_list(files)}, auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"""quote = '"', escape = '"', nullstr = '', strict_mode = true, max_line_size = {MAX_CSV_LINE}, """
        f"columns = {{{spec}}})"
    )


def json_source(files: Sequence[Path], fields: Mapping[str, str], *, records: str | None) -> str:
    """SQL that reads JSON pages; one row per element of the array `records` of each page, in page order.

    `fields` maps a record's keys to DuckDB types, nested ones as STRUCT(…) or LIST types; keys not named are left
    out, keys that are missing are null. `records=None` says that each file is itself one array of records.
    """
    if records is None:
        spec = ", ".join(f"{literal(name)}: {literal(_wire_type(kind))}" for name, kind in fields.items())
        return (
            f"read_json({_file_list(files)}, format = 'array', maximum_object_size = {MAX_JSON_OBJECT}, "
            f"columns = {{{spec}}})"
        )
    struct = ", ".join(f"{quote(name)} {_wire_type(kind)}" for name, kind in fields.items())
    return (
        f"(select unnest(record) from (select unnest({quote(records)}) as record from read_json({_file_list(files)}, "
        f"format = 'unstructured', maximum_object_size = {MAX_JSON_OBJECT}, "
        f"columns = {{{literal(records)}: {literal(f'STRUCT({struct})[]')}}})))"
    )


def _wire_type(duckdb_type: str) -> str:
    # a plain TIMESTAMP cast drops a non-zero offset silently
    return "TIMESTAMPTZ" if duckdb_type.upper() == "TIMESTAMP" else duckdb_type


def _file_list(files: Sequence[Path]) -> str:
    return "[" + ", ".join(literal(str(file)) for file in files) + "]"
