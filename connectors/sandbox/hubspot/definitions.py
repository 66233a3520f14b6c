"""Which object types and properties a portal has now: the catalogue's, and what edits added, changed or took away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import orjson

from connectors.sandbox.catalogue import hubspot_properties
from connectors.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType, names_of
from connectors.sandbox.hubspot.quota import PROFESSIONAL, Limits

_EDIT_TABLES = {"_edited", "_schemas", "_properties", "_audit", "_unindexed", "_account"}
_ALWAYS_THERE = datetime(2023, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Property:
    """One property definition. `options` is None where the values in use are the options."""

    name: str
    type: str
    field_type: str
    is_calculated: bool = False
    is_custom: bool = False
    label: str | None = None
    options: list[dict[str, object]] | None = None
    is_archived: bool = False
    created_at: datetime = _ALWAYS_THERE
    updated_at: datetime = _ALWAYS_THERE


@dataclass(frozen=True)
class CustomSchema:
    """What the schemas endpoint says of a custom object type beyond its properties."""

    object_type_id: str
    singular: str
    plural: str
    primary_property: str
    associated: tuple[str, ...]
    is_archived: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Account:
    """What `set_account` can change of the portal itself."""

    portal_id: int = 0
    time_zone: str = "UTC"
    currency: str = "USD"
    limits: Limits = PROFESSIONAL


@dataclass(frozen=True)
class Definitions:
    """Object types by name, properties by object type and name, as they stand after the last edit.

    `has_edits` says whether the world has the tables that edits write, `row_counts` about how large tables are.
    """

    object_types: Mapping[str, ObjectType]
    schemas: Mapping[str, CustomSchema]
    properties: Mapping[str, Mapping[str, Property]]
    account: Account = Account()
    has_edits: bool = False
    row_counts: Mapping[str, int] = field(default_factory=dict)
    _by_name: dict[str, ObjectType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the names that paths may use."""
        for kind in self.object_types.values():
            for name in names_of(kind):
                self._by_name.setdefault(name, kind)

    def find(self, name: str) -> ObjectType | None:
        """The object type that a path segment means; None if this portal has none of that name."""
        return self._by_name.get(name.lower())

    def live_properties(self, kind: ObjectType) -> list[Property]:
        """Properties that are not archived, by name."""
        return sorted((p for p in self.properties[kind.plural].values() if not p.is_archived), key=lambda p: p.name)


def read_definitions(cursor: duckdb.DuckDBPyConnection) -> Definitions:
    """The catalogue with what edits wrote; a world that was never edited has only the catalogue."""
    properties = {
        kind: {
            prop.name: Property(prop.name, prop.type, prop.field_type, prop.is_calculated, prop.is_custom)
            for prop in hubspot_properties(kind)
        }
        for kind in OBJECT_TYPES
    }
    schemas: dict[str, CustomSchema] = {}
    account = Account(read_portal_id(cursor))
    row_counts = _read_row_counts(cursor)
    has_edits = set(row_counts) >= _EDIT_TABLES
    if has_edits:
        account = _read_account(cursor, account)
        schemas = _read_schemas(cursor)
        for kind, prop in _read_properties(cursor):
            properties.setdefault(kind, {})[prop.name] = prop
    custom = {
        name: _object_type(name, schema, account.portal_id)
        for name, schema in schemas.items()
        if not schema.is_archived
    }
    # a world made before the sandbox knew a type has no table of it
    standard = {name: kind for name, kind in OBJECT_TYPES.items() if name in row_counts}
    return Definitions({**standard, **custom}, schemas, properties, account, has_edits, row_counts)


def read_portal_id(cursor: duckdb.DuckDBPyConnection) -> int:
    """The account's id (HubSpot calls it Hub ID); 0 for an imported Salesforce export, which has no portal."""
    row = cursor.execute("SELECT portal_id FROM state.world").fetchone()
    return int(row[0]) if row and row[0] else 0


def _read_account(cursor: duckdb.DuckDBPyConnection, standing: Account) -> Account:
    given = dict(cursor.execute("SELECT name, value FROM hubspot._account").fetchall())
    return Account(
        standing.portal_id,
        given.get("time_zone", standing.time_zone),
        given.get("currency", standing.currency),
        Limits(
            int(given.get("ten_secondly", standing.limits.ten_secondly)),
            int(given.get("daily", standing.limits.daily)),
            int(given.get("searches_per_second", standing.limits.searches_per_second)),
        ),
    )


def _read_row_counts(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        cursor.execute(
            "SELECT table_name, estimated_size FROM duckdb_tables()"
            " WHERE database_name = current_database() AND schema_name = 'hubspot'"
        ).fetchall()
    )


def _read_schemas(cursor: duckdb.DuckDBPyConnection) -> dict[str, CustomSchema]:
    rows = cursor.execute(
        "SELECT name, object_type_id, singular, plural, primary_property, associated, archived, created_at, updated_at"
        " FROM hubspot._schemas ORDER BY object_type_id"
    ).fetchall()
    return {
        row[0]: CustomSchema(
            row[1],
            row[2],
            row[3],
            row[4],
            tuple(row[5] or ()),
            is_archived=row[6],
            created_at=row[7].replace(tzinfo=UTC),
            updated_at=row[8].replace(tzinfo=UTC),
        )
        for row in rows
    }


def _read_properties(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, Property]]:
    rows = cursor.execute(
        "SELECT object_type, name, type, field_type, is_calculated, is_custom, label, options, archived, created_at,"
        " updated_at FROM hubspot._properties ORDER BY object_type, name"
    ).fetchall()
    return [
        (
            row[0],
            Property(
                row[1],
                row[2],
                row[3],
                is_calculated=row[4],
                is_custom=row[5],
                label=row[6],
                options=None if row[7] is None else orjson.loads(row[7]),
                is_archived=row[8],
                created_at=row[9].replace(tzinfo=UTC),
                updated_at=row[10].replace(tzinfo=UTC),
            ),
        )
        for row in rows
    ]


def _object_type(name: str, schema: CustomSchema, portal_id: int) -> ObjectType:
    return ObjectType(
        name,
        name,
        schema.object_type_id,
        ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        (schema.primary_property,),
        full_name=f"p{portal_id}_{name}",
    )
