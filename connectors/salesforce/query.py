"""What is asked of one object over one window, and how the rows that come back are to be landed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.errors import UnexpectedReplyError
from connectors.landing import RecordRule, Window
from connectors.salesforce.objects import SalesforceObject
from connectors.schema import Column, TableSchema, csv_source, json_source, quote

# compound fields repeat others, and neither they nor blobs can be queried in bulk (api_asynch, query limits)
LEFT_OUT_TYPES = frozenset(["address", "location", "base64", "complexvalue"])
NUMBER_TYPES = frozenset(["currency", "double", "percent"])
OTHER_TYPES = {"int": "BIGINT", "long": "BIGINT", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP"}
WHOLE_DIGITS, SCALE = 16, 2  # of the narrowest number column: DECIMAL(18,2)


@dataclass(frozen=True)
class ObjectQuery:
    """Rows of `spec` in `window`: `asked` are the columns that this user can read, `schema` those that land.

    What is in `schema` alone lands as null. `is_id_list` asks for the ids of all records that are there instead.
    """

    spec: SalesforceObject
    window: Window
    asked: TableSchema
    schema: TableSchema
    is_id_list: bool = False

    @classmethod
    def of(cls, spec: SalesforceObject, window: Window, readable: TableSchema) -> "ObjectQuery":
        """A query for every readable column, landing at least the object's own columns."""
        known = {name.lower() for name in readable.names}
        absent = tuple(column for column in spec.columns.columns if column.name.lower() not in known)
        return cls(spec, window, readable, TableSchema(readable.columns + absent))

    @classmethod
    def ids_of(cls, spec: SalesforceObject, window: Window) -> "ObjectQuery":
        """A query for the ids of all records that are there."""
        ids = TableSchema.of({"Id": "VARCHAR"})
        return cls(spec, window, ids, ids, is_id_list=True)

    def without(self, readable: TableSchema) -> "ObjectQuery":
        """The same query for those of its columns that are readable now; the others land as null."""
        known = {name.lower() for name in readable.names}
        kept = tuple(column for column in self.asked.columns if column.name.lower() in known)
        return replace(self, asked=TableSchema(kept))

    def soql(self, *, is_ordered: bool = False, since: datetime | None = None) -> str:
        """The query; `since` (inclusive) takes the place of a window's lower bound.

        Ordered by the stamp, so that a reading can go on from where it was. Never in bulk: it would switch off the
        service's own splitting by primary key.
        """
        window = self.window if since is None else Window(since, self.window.hi)
        text = f"SELECT {', '.join(self.asked.names)} FROM {self.spec.name}{self._where(window)}"
        return text + f" ORDER BY {self.spec.stamp}" if is_ordered and self._is_windowed else text

    @property
    def count_soql(self) -> str:
        """How many rows the window has."""
        return f"SELECT COUNT() FROM {self.spec.name}{self._where(self.window)}"

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

    def json_rows(self, page: Path) -> str:
        """SQL of the rows of a REST page."""
        return self._complete(json_source([page], _types(self.asked.columns), records="records"))

    def csv_rows(self, file: Path) -> str:
        """SQL of the rows of a Bulk result.

        Raises:
            UnexpectedReplyError: its header names other columns than were asked for.
        """
        with file.open("rb") as opened:
            line = opened.readline(1 << 20).decode("utf-8", errors="replace").lstrip("\ufeff").rstrip("\r\n")
        header = [name.strip('"') for name in line.split(",")]
        types = {name.lower(): kind for name, kind in _types(self.asked.columns).items()}
        if sorted(name.lower() for name in header) != sorted(types):
            raise UnexpectedReplyError(
                f"Salesforce sent a Bulk result of {self.spec.name} with other columns than were asked for; nothing of "
                "it was used. Run again: a field may have been renamed meanwhile."
            )
        return self._complete(csv_source([file], {name: types[name.lower()] for name in header}))

    def _complete(self, source: str) -> str:
        known = {name.lower() for name in self.asked.names}
        absent = [column for column in self.schema.columns if column.name.lower() not in known]
        if not absent:
            return source
        nulls = ", ".join(f"cast(null as {column.duckdb_type}) as {quote(column.name)}" for column in absent)
        return f"(select *, {nulls} from {source})"

    @property
    def _is_windowed(self) -> bool:
        return not (self.is_id_list or self.spec.is_listed_whole)

    def _where(self, window: Window) -> str:
        if not self._is_windowed:
            # not the plain query call: it leaves archived activities out, which are not deleted
            return " WHERE IsDeleted = false" if self.is_id_list else ""
        conditions = [f"{self.spec.stamp} < {soql_time(window.hi)}"]
        if window.lo is not None:
            conditions.insert(0, f"{self.spec.stamp} >= {soql_time(window.lo)}")
        return f" WHERE {' AND '.join(conditions)}"


def readable_columns(description: Mapping[str, Any]) -> TableSchema:
    """The columns of a describe answer, with their types; what cannot be landed as a value is left out."""
    fields = description.get("fields")
    if not isinstance(fields, list) or not fields:
        raise UnexpectedReplyError("Salesforce described an object without fields; nothing was read.")
    return TableSchema(tuple(_columns(fields)))


def soql_time(moment: datetime) -> str:
    """A datetime as SOQL writes it: UTC, with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _columns(fields: Iterable[Mapping[str, Any]]) -> Iterable[Column]:
    for field in fields:
        kind = str(field["type"])
        if kind in LEFT_OUT_TYPES:
            continue
        if kind in NUMBER_TYPES:
            # two decimals at least, and room for every whole number that the field may hold
            scale = int(field.get("scale") or 0)
            whole = max(int(field.get("precision") or 0) - scale, WHOLE_DIGITS)
            yield Column(field["name"], f"DECIMAL({whole + max(scale, SCALE)},{max(scale, SCALE)})")
        else:
            yield Column(field["name"], OTHER_TYPES.get(kind, "VARCHAR"))


def _types(columns: Sequence[Column]) -> dict[str, str]:
    return {column.name: column.duckdb_type for column in columns}
