"""What is asked of one object over one window, and how the rows that come back are to be landed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from connectors.errors import ConfigurationError, UnexpectedReplyError
from connectors.landing import RecordRule, Window
from connectors.salesforce.columns import Selection
from connectors.salesforce.objects import SalesforceObject
from connectors.schema import Column, TableSchema, csv_source, json_source, quote

_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")

Filter = Literal["window", "all", "present", "open", "until", "ids"]
"""Which records: those stamped in the window, all of a list, those that are there, of these the open ones, those
stamped before the window's end, or those named."""


@dataclass(frozen=True)
class Position:
    """A row's place in an ordered query; `stamp` is None where the order is by id alone."""

    record_id: str
    stamp: datetime | None = None


@dataclass(frozen=True)
class ObjectQuery:
    """Rows of `spec` in `window`, with the columns of `selection`."""

    spec: SalesforceObject
    window: Window
    selection: Selection
    filter: Filter = "window"
    ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: SalesforceObject, window: Window, selection: Selection) -> "ObjectQuery":
        """A query for every column of the selection: of the window, or of all where the object is listed whole."""
        return cls(spec, window, selection, "all" if spec.is_listed_whole else "window")

    @classmethod
    def ids_of(cls, spec: SalesforceObject, window: Window) -> "ObjectQuery":
        """A query for the ids of all records that are there."""
        return cls(spec, window, Selection.plain(TableSchema.of({"Id": "VARCHAR"})), "present")

    @property
    def schema(self) -> TableSchema:
        """The columns that land."""
        return self.selection.schema

    @property
    def key(self) -> str:
        """Tells it from other queries of the same object and window."""
        return f"{self.filter} {self.selection.asked.hash}"

    def without(self, readable: TableSchema) -> "ObjectQuery":
        """The same query for those of its columns that are readable now; the others land as null."""
        return replace(self, selection=self.selection.without(readable))

    def soql(self, *, is_ordered: bool = False, after: Position | None = None) -> str:
        """The query; with `after`, for the rows that come behind that one in its order.

        Ordered by stamp and id, so that a reading can go on from where it was. Never in bulk: it would switch off the
        service's own splitting by primary key.
        """
        text = f"SELECT {', '.join(self.selection.asked.names)} FROM {self.spec.name}{self._where(after)}"
        if not is_ordered or self.filter == "ids":
            return text
        return text + (f" ORDER BY {self.spec.stamp}, Id" if self.filter == "window" else " ORDER BY Id")

    @property
    def count_soql(self) -> str:
        """How many rows the window has."""
        return f"SELECT COUNT() FROM {self.spec.name}{self._where(None)}"

    @cached_property
    def record(self) -> RecordRule:
        """Which record a row is, and in which state; a deleted row's last stamp is when it was deleted."""
        has = {name.lower() for name in self.schema.names}
        stamp = quote(self.spec.stamp)
        is_deletable = "isdeleted" in has
        return RecordRule(
            record_id='"Id"',
            modified_at=stamp if self.spec.stamp.lower() in has else "null",
            is_deleted='coalesce("IsDeleted", false)' if is_deletable else "false",
            deleted_at=f'case when "IsDeleted" then {stamp} end' if is_deletable else "null",
            merged_into='case when "IsDeleted" then "MasterRecordId" end'
            if is_deletable and "masterrecordid" in has
            else "null",
        )

    def json_rows(self, *pages: Path) -> str:
        """SQL of the rows of REST pages."""
        source = json_source(pages, _types(self.selection.asked.columns), records="records")
        # in CSV an empty text is null: a value must not depend on the API that it came by
        texts = [name for name, kind in _types(self.selection.asked.columns).items() if kind == "VARCHAR"]
        emptied = ", ".join(f"nullif({quote(name)}, '') as {quote(name)}" for name in texts)
        return self._complete(f"(select * replace ({emptied}) from {source})" if texts else source)

    def csv_rows(self, *files: Path) -> str:
        """SQL of the rows of the pages of a Bulk result.

        Raises:
            UnexpectedReplyError: its header names other columns than were asked for.
        """
        with files[0].open("rb") as opened:
            line = opened.readline(1 << 20).decode("utf-8", errors="replace").lstrip("\ufeff").rstrip("\r\n")
        header = [name.strip('"') for name in line.split(",")]
        types = {name.lower(): kind for name, kind in _types(self.selection.asked.columns).items()}
        if sorted(name.lower() for name in header) != sorted(types):
            raise UnexpectedReplyError(
                f"Salesforce sent a Bulk result of {self.spec.name} with other columns than were asked for; nothing of "
                "it was used. Run again: a field may have been renamed meanwhile."
            )
        return self._complete(csv_source(files, {name: types[name.lower()] for name in header}))

    def of_columns(self, columns: Sequence[Column]) -> "ObjectQuery":
        """The same records with these columns alone."""
        return replace(self, selection=Selection.plain(TableSchema(tuple(columns))))

    def with_absent(self, source: str) -> str:
        """Rows that have the columns asked for, with nulls for those of the schema that were not."""
        known = {name.lower() for name in self.selection.asked.names}
        absent = [column for column in self.schema.columns if column.name.lower() not in known]
        nulls = "".join(f", cast(null as {column.duckdb_type}) as {quote(column.name)}" for column in absent)
        return f"(select *{nulls} from {source})" if absent else source

    def _complete(self, source: str) -> str:
        """Wire rows with every column of the schema: choices as lists, absent columns as nulls."""
        lists = [column.name for column in self.selection.asked.columns if column.duckdb_type == "VARCHAR[]"]
        split = ", ".join(f"string_split({quote(name)}, ';') as {quote(name)}" for name in lists)
        return self.with_absent(f"(select * replace ({split}) from {source})" if lists else source)

    def _where(self, after: Position | None) -> str:
        conditions = self._conditions()
        if after is not None:
            conditions.append(self._behind(after))
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def _conditions(self) -> list[str]:
        window, stamp = self.window, self.spec.stamp
        # not the plain query call: it leaves archived activities out, which are not deleted
        present = ["IsDeleted = false"] if "isdeleted" in self._known else []
        if self.filter == "window":
            lower = [] if window.lo is None else [f"{stamp} >= {soql_time(window.lo)}"]
            return [*lower, f"{stamp} < {soql_time(window.hi)}"]
        if self.filter == "until":
            return [f"{stamp} < {soql_time(window.hi)}"]
        if self.filter == "ids":
            return [f"Id IN ({', '.join(_text(one) for one in self.ids)})"]
        return {"all": [], "present": present, "open": ["IsClosed = false", *present]}[self.filter]

    @property
    def _known(self) -> frozenset[str]:
        """Columns to filter by: those of the object in any org, and those asked for."""
        return frozenset(name.lower() for name in (*self.spec.columns.names, *self.selection.asked.names))

    def _behind(self, after: Position) -> str:
        if self.filter != "window" or after.stamp is None:
            return f"Id > {_text(after.record_id)}"
        stamp, moment = self.spec.stamp, soql_time(after.stamp)
        return f"({stamp} > {moment} OR ({stamp} = {moment} AND Id > {_text(after.record_id)}))"


def soql_time(moment: datetime) -> str:
    """A datetime as SOQL writes it: UTC, with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _text(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ConfigurationError(f"{value!r} is no Salesforce id; an id has 15 or 18 letters and digits.")
    return f"'{value}'"


def _types(columns: Sequence[Column]) -> dict[str, str]:
    """The types that rows are read with: several choices are one text on the wire."""
    return {column.name: "VARCHAR" if column.duckdb_type == "VARCHAR[]" else column.duckdb_type for column in columns}
