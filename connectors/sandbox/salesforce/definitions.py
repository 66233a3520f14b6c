"""New objects and fields: their columns in the world, and their definitions in the org's schema."""

from collections.abc import Mapping, Sequence

import duckdb
import orjson

from connectors.sandbox.salesforce.schema import CREATE_SCHEMA_TABLE, OrgSchema, field_of
from connectors.sandbox.state import EditError

Given = Mapping[str, object]
# what every custom object has
AUDIT_FIELDS: tuple[dict[str, object], ...] = (
    {"name": "Id", "type": "id"},
    {"name": "OwnerId", "type": "reference", "reference_to": "User"},
    {"name": "IsDeleted", "type": "boolean"},
    {"name": "Name", "type": "string", "length": 80},
    {"name": "CreatedDate", "type": "datetime"},
    {"name": "CreatedById", "type": "reference", "reference_to": "User"},
    {"name": "LastModifiedDate", "type": "datetime"},
    {"name": "LastModifiedById", "type": "reference", "reference_to": "User"},
    {"name": "SystemModstamp", "type": "datetime"},
)
ADDRESS_TYPES = (
    ("Street", {"type": "textarea", "length": 255}),
    ("City", {"type": "string", "length": 40}),
    ("State", {"type": "string", "length": 80}),
    ("PostalCode", {"type": "string", "length": 20}),
    ("Country", {"type": "string", "length": 80}),
    ("Latitude", {"type": "double", "precision": 18, "scale": 15}),
    ("Longitude", {"type": "double", "precision": 18, "scale": 15}),
)


def add_object(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """`name`, `fields` ([{name, type, ...}]); `label`, `custom_setting`, `replicateable`, `queryable`."""
    name = str(given.get("name") or given.get("object"))
    known = OrgSchema.read(cursor).objects
    if name in known:
        raise EditError(f"there is an object {name} already")
    fields = given.get("fields", [])
    if not isinstance(fields, list):
        raise EditError("fields must be a list of {name, type, ...}")
    custom = sum(one.is_custom for one in known.values())
    prefix = given.get("key_prefix", f"a{custom // 10 % 10}{custom % 10}")
    definition = {**{key: value for key, value in given.items() if key != "fields"}, "key_prefix": prefix}
    cursor.execute(f'CREATE TABLE salesforce."{name}" ("Id" VARCHAR)')
    remember(cursor, name, "", definition)
    given_names = {str(one.get("name")) for one in fields}
    for one in (*(field for field in AUDIT_FIELDS if field["name"] not in given_names), *fields):
        make_field(cursor, name, str(one.get("name")), one)
    return {"object": name, "key_prefix": prefix}


def make_field(cursor: duckdb.DuckDBPyConnection, object_name: str, name: str, definition: Given) -> None:
    """Add a field, its parts with an address; EditError for a type or name that cannot be."""
    try:
        made = field_of(name, definition)
    except ValueError as error:
        raise EditError(str(error)) from error
    if not name.replace("_", "").isalnum():
        raise EditError(f"{name!r} is no field name")
    remember(cursor, object_name, name, definition)
    if made.type == "address":
        stem = name.removesuffix("__c").removesuffix("Address")
        suffix = "__s" if name.endswith("__c") else ""
        joint = "__" if suffix else ""
        for part, type_ in ADDRESS_TYPES:
            make_field(cursor, object_name, f"{stem}{joint}{part}{suffix}", {**type_, "compound": name})
    elif name != "Id":
        cursor.execute(f'ALTER TABLE salesforce."{object_name}" ADD COLUMN IF NOT EXISTS "{name}" {made.duckdb_type}')


def remember(cursor: duckdb.DuckDBPyConnection, object_name: str, field_name: str, definition: Given) -> None:
    """Write a definition into the org's schema; `field_name` is empty for the object itself."""
    kept = {key: value for key, value in definition.items() if key not in ("crm", "kind", "object", "name", "values")}
    if isinstance(definition.get("values"), Sequence):
        kept["picklist"] = definition["values"]
    cursor.execute(CREATE_SCHEMA_TABLE)
    cursor.execute(
        "INSERT OR REPLACE INTO salesforce._schema VALUES (?, ?, ?)",
        [object_name, field_name, orjson.dumps(kept).decode()],
    )
