"""Rows on their way into a Parquet part: typed, hashed, and whole or not there at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import orjson

from connectors.errors import UnexpectedReplyError
from connectors.hashing import check_key, hashed_column_sql
from connectors.landing.durable import publish
from connectors.landing.manifest import LoadRequest, Part
from connectors.schema import PART_META_COLUMNS, Column, literal, quote
from connectors.secret import Secret

# md5 sees null and '' apart, and 'a'+'bc' apart from 'ab'+'c'
_NULL = "chr(0)"
_SEPARATOR = "chr(31)"

# Salesforce lets a text have 131,072 characters, HubSpot 65,536: what is longer than this is a broken answer, and would
# go on to every table and page that shows the field
LONGEST_TEXT = 1_000_000  # characters

_NO_ID = "no record id"
_TOO_LONG = "a text is too long"
_COLUMN = re.compile(r'column "?(\w+)')


@dataclass(frozen=True)
class RecordRule:
    """SQL expressions over a source's columns that say which record a row is, and in which state.

    `modified_at` and `deleted_at` are UTC; a row without `modified_at` counts as of the window's upper bound.
    """

    record_id: str
    modified_at: str = "null"
    is_deleted: str = "false"
    deleted_at: str = "null"
    merged_into: str = "null"


@dataclass(frozen=True)
class PartWriter:
    """Writes the parts of one load into its folder."""

    request: LoadRequest
    folder: Path
    engine: duckdb.DuckDBPyConnection
    hash_key: Secret | None = None

    def write_part(self, number: int, source: str, record: RecordRule) -> Part:
        """The rows of `source`, typed, hashed and on disk under their final name; texts beyond all measure are cut."""
        try:
            return self._write_part(number, source, record, cuts=False)
        except _TextTooLongError:
            part = self._write_part(number, source, record, cuts=True)
            return replace(part, cut=self._count_too_long(source))

    def _write_part(self, number: int, source: str, record: RecordRule, *, cuts: bool) -> Part:
        name = f"part-{number:06d}.parquet"
        schema = self.request.schema
        meta = [
            (getattr(record, column.removeprefix("_")), column, kind)
            for column, kind in PART_META_COLUMNS
            if column != "_content_hash"
        ]
        typed = ", ".join(
            [
                f"cast({self._value(column, cuts=cuts)} as {column.duckdb_type}) as {quote(column.name)}"
                for column in schema.columns
            ]
            + [f"cast({expression} as {kind}) as {column}" for expression, column, kind in meta]
        )
        hashed = f", {_SEPARATOR}, ".join(
            f"coalesce(cast({name} as varchar), {_NULL})"
            for name in [*(quote(column.name) for column in schema.columns), *(column for _, column, _ in meta)]
        )
        temporary = self.folder / (name + ".tmp")
        query = f"select *, md5(concat({hashed})) as _content_hash from (select {typed} from {source} as source)"
        # a missing id becomes an error inside the one pass over the data
        checked = f"select * replace (coalesce(_record_id, error({literal(_NO_ID)})) as _record_id) from ({query})"
        rows = self._copy(checked, temporary)
        publish(temporary, self.folder / name)
        return Part(name, rows, (self.folder / name).stat().st_size)

    def write_parents(self, number: int, covers: Sequence[str]) -> str:
        """The name of a file that lists these parents."""
        name = f"parents-{number:06d}.parquet"
        temporary = self.folder / (name + ".tmp")
        values = orjson.dumps(list(covers)).decode()
        self._copy(f"select unnest(from_json({literal(values)}, '[\"VARCHAR\"]')) as _parent_id", temporary)
        publish(temporary, self.folder / name)
        return name

    def _value(self, column: Column, *, cuts: bool) -> str:
        """SQL for what is landed of a column: its value, or a keyed hash of it."""
        name = quote(column.name)
        if column.name in self.request.hashed:
            return hashed_column_sql(column.name, name, check_key(self.hash_key))
        if column.duckdb_type != "VARCHAR":
            return name
        instead = f"left({name}, {LONGEST_TEXT})" if cuts else f"error({literal(_TOO_LONG)})"
        return f"case when {_is_too_long(name)} then {instead} else {name} end"

    def _count_too_long(self, source: str) -> int:
        texts = [quote(one.name) for one in self.request.schema.columns if one.duckdb_type == "VARCHAR"]
        counts = " + ".join(f"count(*) filter ({_is_too_long(name)})" for name in texts)
        row = self.engine.execute(f"select {counts} from {source} as source").fetchone()
        return int(row[0]) if row else 0

    def _copy(self, query: str, target: Path) -> int:
        try:
            row = self.engine.execute(
                f"copy ({query}) to {literal(str(target))} (format parquet, compression zstd)"
            ).fetchone()
        except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException) as error:
            if _TOO_LONG in str(error):
                raise _TextTooLongError from None
            raise UnexpectedReplyError(
                f"{self.request.connection} sent rows of {self.request.object_name} that do not fit their columns "
                f"({self._misfit(error)}; part of load {self.folder.name}). Nothing of this part was "
                "kept; if the CRM's field types changed, run again, else look these values up in the CRM."
            ) from None  # DuckDB's message quotes the whole row
        return int(row[0]) if row else 0

    def _misfit(self, error: duckdb.Error) -> str:
        """What is wrong, in DuckDB's words that are not the CRM's data."""
        if _NO_ID in str(error):
            return "a row has no record id"
        named = [name for name in _COLUMN.findall(str(error)) if name in self.request.schema.names]
        return f"column {named[0]}" if named else f"DuckDB names no column, but a {type(error).__name__}"


class _TextTooLongError(Exception):
    """A part is to be written again, with its longest texts cut."""


def _is_too_long(name: str) -> str:
    # bytes are known, characters are counted
    return f"strlen(cast({name} as varchar)) > {LONGEST_TEXT} and length(cast({name} as varchar)) > {LONGEST_TEXT}"
