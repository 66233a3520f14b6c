"""What this org's objects and fields are: the catalogue's, as far as the world has them, changed by its administrators.

An administrator's changes are rows of `salesforce._schema` in the world's file; they outlive the server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import orjson

from connectors.sandbox.catalogue import (
    DEFAULT_NUMBER_SIZE,
    SALESFORCE,
    PicklistValue,
    SalesforceField,
    salesforce_fields,
)

CREATE_SCHEMA_TABLE = """
    CREATE TABLE IF NOT EXISTS salesforce._schema (object VARCHAR, field VARCHAR, definition JSON,
        PRIMARY KEY (object, field))
"""
FIELD_TYPES = frozenset(
    {"id", "reference", "string", "textarea", "picklist", "multipicklist", "combobox", "boolean", "int", "double"}
    | {"currency", "percent", "date", "datetime", "email", "phone", "url", "anyType", "address", "location"}
    | {"encryptedstring"}
)
NUMBERS = ("currency", "double", "percent")
# key prefixes as real orgs have them; a custom object gets its own
KEY_PREFIXES: dict[str, str] = {
    "Organization": "00D",
    "Opportunity": "006",
    "OpportunityHistory": "008",
    "OpportunityFieldHistory": "017",
    "OpportunityStage": "01J",
    "OpportunityLineItem": "00k",
    "OpportunityContactRole": "00K",
    "Account": "001",
    "Contact": "003",
    "Lead": "00Q",
    "User": "005",
    "UserRole": "00E",
    "Task": "00T",
    "Event": "00U",
    "RecordType": "012",
    "CurrencyType": "01L",
    "DatedConversionRate": "04w",
}
# objects without getDeleted and getUpdated (object reference: supported calls)
NOT_REPLICATEABLE = frozenset({"Organization", "OpportunityStage", "RecordType", "CurrencyType", "DatedConversionRate"})
# compound fields of standard objects: their type, and the prefix or the names of their parts
STANDARD_COMPOUNDS: dict[str, dict[str, str]] = {"Account": {"BillingAddress": "Billing"}}
PERSON_NAMES = ("FirstName", "LastName", "Salutation", "MiddleName", "Suffix")
ADDRESS_PARTS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")


@dataclass(frozen=True)
class SalesforceObject:
    """An object as the global describe answers it, with its fields in order."""

    name: str
    key_prefix: str | None
    fields: tuple[SalesforceField, ...]
    label: str = ""
    is_custom: bool = False
    is_queryable: bool = True
    is_retrieveable: bool = True
    is_replicateable: bool = True
    is_custom_setting: bool = False
    is_deprecated: bool = False

    def has_field(self, name: str) -> bool:
        """Whether the object has the field at all, hidden or not."""
        return any(known.name == name for known in self.fields)


@dataclass
class OrgSchema:
    """All objects, hidden ones included, in the catalogue's order with custom ones after it."""

    objects: dict[str, SalesforceObject] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: duckdb.DuckDBPyConnection) -> "OrgSchema":
        """The schema as it is now."""
        columns: dict[str, set[str]] = {}
        for table, column in cursor.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'salesforce'"
            " AND database_name = current_database()"
        ).fetchall():
            columns.setdefault(table, set()).add(column)
        changes: list[tuple[str, str, dict[str, object]]] = []
        if "_schema" in columns:
            found = cursor.execute("SELECT object, field, definition FROM salesforce._schema ORDER BY rowid").fetchall()
            changes = [(name, field_name, orjson.loads(definition)) for name, field_name, definition in found]
        return cls({made.name: made for made in _objects(columns, changes)})


def field_of(name: str, definition: Mapping[str, object]) -> SalesforceField:
    """A field from an administrator's definition; ValueError for a type that Salesforce does not have."""
    kind = str(definition.get("type"))
    if kind not in FIELD_TYPES:
        raise ValueError(f"{name}: there is no field type {kind!r}; there are {', '.join(sorted(FIELD_TYPES))}")
    precision, scale = (_number(definition, "precision", 0), _number(definition, "scale", 0))
    if kind in NUMBERS and not precision:
        precision, scale = DEFAULT_NUMBER_SIZE[0], _number(definition, "scale", DEFAULT_NUMBER_SIZE[1])
    reference = definition.get("reference_to")
    if kind == "reference" and not reference:
        raise ValueError(f"{name}: a reference needs reference_to")
    default_length = {"id": 18, "reference": 18, "textarea": 32_768, "multipicklist": 4_099}.get(kind, 255)
    has_length = kind not in (*NUMBERS, "int", "boolean", "date", "datetime", "address", "location")
    formula = definition.get("formula")
    compound = definition.get("compound")
    return SalesforceField(
        name=name,
        type=kind,
        length=_number(definition, "length", default_length) if has_length else 0,
        precision=precision if kind in NUMBERS else 0,
        scale=scale if kind in NUMBERS else 0,
        reference_to=str(reference) if reference else None,
        is_calculated=bool(definition.get("calculated", formula is not None)),
        is_custom=bool(definition.get("custom", name.endswith(("__c", "__s")))),
        label=str(definition.get("label", "")),
        formula=str(formula) if formula is not None else None,
        compound=str(compound) if compound else None,
        is_external_id=bool(definition.get("external_id", False)),
        picklist=picklist_of(definition.get("picklist")),
    )


def picklist_of(given: object) -> tuple[PicklistValue, ...] | None:
    """Values as words, or as {value, label, active}."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        return None
    return tuple(
        PicklistValue(str(one["value"]), str(one.get("label", one["value"])), bool(one.get("active", True)))
        if isinstance(one, Mapping)
        else PicklistValue(str(one), str(one))
        for one in given
    )


def _number(definition: Mapping[str, object], name: str, default: int) -> int:
    given = definition.get(name, default)
    if not isinstance(given, int):
        raise ValueError(f"{name} must be a whole number, not {given!r}")
    return given


def _objects(
    columns: Mapping[str, set[str]], changes: Sequence[tuple[str, str, dict[str, object]]]
) -> list[SalesforceObject]:
    made = {
        name: SalesforceObject(
            name, KEY_PREFIXES.get(name), _standard_fields(name), is_replicateable=name not in NOT_REPLICATEABLE
        )
        for name in SALESFORCE
    }
    for name, field_name, definition in changes:
        if not field_name:
            made[name] = _object_of(name, definition)
        elif name in made:
            made[name] = replace(made[name], fields=_changed(made[name].fields, field_name, definition))
    return [
        replace(one, fields=tuple(f for f in one.fields if f.is_compound or f.name in columns[one.name]))
        for one in made.values()
        if one.name in columns
    ]


def _standard_fields(name: str) -> tuple[SalesforceField, ...]:
    """The catalogue's fields, with the compounds that have no column."""
    compounds = STANDARD_COMPOUNDS.get(name, {})
    made: list[SalesforceField] = []
    for known in salesforce_fields(name):
        compound = next((whole for whole, stem in compounds.items() if known.name in _parts(stem)), None)
        if known.name in PERSON_NAMES:
            compound = "Name"
        made.append(replace(known, compound=compound) if compound else known)
    return (*made, *(field_of(whole, {"type": "address"}) for whole in compounds))


def _parts(stem: str) -> set[str]:
    return {f"{stem}{part}" for part in ADDRESS_PARTS}


def _object_of(name: str, definition: Mapping[str, object]) -> SalesforceObject:
    return SalesforceObject(
        name,
        str(definition["key_prefix"]),
        (),
        label=str(definition.get("label", "")),
        is_custom=name.endswith(("__c", "__mdt", "__e", "__b")),
        is_queryable=bool(definition.get("queryable", True)),
        is_retrieveable=bool(definition.get("retrieveable", True)),
        is_replicateable=bool(definition.get("replicateable", True)),
        is_custom_setting=bool(definition.get("custom_setting", False)),
        is_deprecated=bool(definition.get("deprecated", False)),
    )


def _changed(
    fields: tuple[SalesforceField, ...], name: str, definition: Mapping[str, object]
) -> tuple[SalesforceField, ...]:
    if definition.get("dropped"):
        return tuple(known for known in fields if known.name != name)
    made = field_of(name, definition)
    if any(known.name == name for known in fields):
        return tuple(made if known.name == name else known for known in fields)
    return (*fields, made)
