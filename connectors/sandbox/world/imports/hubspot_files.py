"""Files of a HubSpot export as records: answers of the API (JSON) or tables of properties (CSV), checked by place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import HUBSPOT, HubSpotProperty, hubspot_properties
from connectors.sandbox.world.imports.reading import csv_of
from connectors.sandbox.world.imports.summary import ImportRefusedError

Record = dict[str, object]
CREATED = ("createdAt", "createdate", "hs_createdate")
UPDATED = ("updatedAt", "hs_lastmodifieddate", "lastmodifieddate")
# what data pipelines call a few of HubSpot's own names in their tables
_ALIASES = {
    "is_deleted": "archived",
    "_fivetran_deleted": "archived",
    "deal_pipeline_id": "pipeline",
    "deal_pipeline_stage_id": "dealstage",
    "owner_id": "hubspot_owner_id",
}
_SINGULARS = {"companies": "company"}
_ID_OF = dict.fromkeys(("calls", "emails", "meetings", "notes", "tasks"), "engagement_id")
# of an API's record; a link to it and a token of writing tell nothing about it
_PARTS = ("id", "properties", "createdAt", "updatedAt", "archived", "archivedAt", "associations",
          "propertiesWithHistory", "url", "objectWriteTraceId")  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A record in a file, for messages."""

    path: Path
    number: int

    def refusal(self, reason: str) -> ImportRefusedError:
        """The error that names this record."""
        return ImportRefusedError(f"{self.path.name}, record {self.number}{reason}")


@dataclass
class Records:
    """The records of one file by id, and the names in it that the object type does not have."""

    by_id: dict[str, tuple[Place, Record]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


def hubspot_object_of(path: Path) -> str | None:
    """The object type that a JSON or CSV file is named after, whatever its case."""
    return next(
        (name for name in HUBSPOT if path.suffix.lower() in (".csv", ".json") and path.stem.lower() == name), None
    )


def read_records(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Records:
    """Every record of a file with its known properties as HubSpot writes them.

    Raises:
        ImportRefusedError: the file is no whole list of records, or a record has no id or a value that is not one.
    """
    raw = read_json(path) if path.suffix.lower() == ".json" else _read_csv(connection, path, name)
    known = {prop.name: prop for prop in hubspot_properties(name)}
    read = Records()
    for number, record in enumerate(raw, start=1):
        place = Place(path, number)
        given = part(place, record, "properties")
        id_ = _identity(place, record, given)
        if id_ in read.by_id:
            raise place.refusal(f": {id_!r} is there twice. Keep the newer record.")
        read.unknown |= {key for key in given if key not in known}
        read.unknown |= {key for key, value in record.items() if key not in _PARTS and value is not None}
        properties = {key: _checked(place, known[key], value) for key, value in given.items() if key in known}
        read.by_id[id_] = (place, record | {"id": id_, "properties": properties})
    return read


def read_json(path: Path) -> list[Record]:
    """The records of a JSON file: a list, or an answer of the API with `results`; numbers stay as they are written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=str, parse_int=str)
    except ValueError as error:
        raise ImportRefusedError(f"{path.name} is not JSON: {error}. Export it again.") from error
    records = content.get("results") if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ImportRefusedError(
            f"{path.name} holds no list of records. It should be a list, or an answer with `results`."
        )
    _refuse_first_page(path.name, content)
    return records


def part(place: Place, record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A part of a record that holds names and values; empty where the record has none."""
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise place.refusal(f": its {name} are no names with values. Export it as the v3 API answers it.")
    return value


def moment(place: Place, record: Mapping[str, object], names: tuple[str, ...]) -> datetime:
    """The first time in `record` under one of `names`, naive UTC; one without an offset is read as UTC."""
    for name in names:
        if value := record.get(name):
            return _utc(place, name, value)
    raise place.refusal(f": none of {', '.join(names)} is there. Export the records with their times.")


def is_number(text: str) -> bool:
    """Whether HubSpot would take the text as a number."""
    try:
        return Decimal(text).is_finite() and "_" not in text
    except InvalidOperation:
        return False


def _refuse_first_page(name: str, content: object) -> None:
    if isinstance(content, dict) and isinstance(content.get("paging"), dict) and content["paging"].get("next"):
        raise ImportRefusedError(
            f"{name} is one page of several (paging.next is there). Put the results of all pages into one list."
        )


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> list[Record]:
    cursor = connection.execute(f"select * from {csv_of(connection, path)}")
    columns = [_heading(str(item[0]), name) for item in cursor.description or []]
    records = []
    for values in cursor.fetchall():
        row: Record = {}
        for column, value in zip(columns, values, strict=True):
            row.setdefault(column, value)
        records.append({"id": row.pop("id", None), "archived": row.pop("archived", None), "properties": row})
    return records


def _heading(column: str, name: str) -> str:
    """A heading as HubSpot names it: pipelines write `property_amount`, and `deal_id` for a deal's own id."""
    known = {prop.name for prop in hubspot_properties(name)}
    heading = column.strip()
    plain = heading.removeprefix("property_")
    if plain in known:
        return plain
    if heading.lower() in (f"{_SINGULARS.get(name, name.removesuffix('s'))}_id", _ID_OF.get(name)):
        return "id"
    alias = _ALIASES.get(heading.lower(), heading)
    return alias if alias in known or alias == "archived" else heading


def _identity(place: Place, record: Record, properties: Mapping[str, object]) -> str:
    found = record.get("id") or properties.get("hs_object_id")
    if not found:
        raise place.refusal(": there is no id. Every record needs one.")
    if not str(found).isdecimal():
        raise place.refusal(f": {found!r} is no id of HubSpot, which are numbers. Export the record's own id.")
    return str(found)


def _checked(place: Place, prop: HubSpotProperty, value: object) -> str | None:
    """The value as HubSpot's own string."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str):
        raise place.refusal(f", {prop.name}: {value!r} is no single value. Export it as the v3 API answers it.")
    if prop.type == "datetime":
        return _told(place, prop.name, value)
    if prop.type == "bool":
        if value.lower() not in ("true", "false"):
            raise place.refusal(f", {prop.name}: {value!r} is not true or false.")
        return value.lower()
    if prop.type == "number" and not is_number(value):
        raise place.refusal(f", {prop.name}: {value!r} is not a number such as 1234.5. Correct it, or leave it empty.")
    return value


def _told(place: Place, name: str, value: str) -> str:
    """A time as HubSpot writes it; one that says its offset stays as it is."""
    at = _utc(place, name, value)
    is_whole = "T" in value and (value.endswith("Z") or "+" in value)
    return value if is_whole else at.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _utc(place: Place, name: str, value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise place.refusal(f", {name}: {value!r} is not a time like 2026-02-23T20:55:00Z.") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
