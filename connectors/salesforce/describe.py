"""What describe says of an object: its columns and their types, which are computed, and the labels of its choices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import UnexpectedReplyError
from connectors.schema import Column, TableSchema

# compound fields repeat their parts, which are fields of their own
COMPOUND_TYPES = frozenset(["address", "location"])
# blobs cannot be queried in bulk (api_asynch, query limits), and are attachments; complexvalue has no value in SOQL
UNSUPPORTED_TYPES = frozenset(["base64", "complexvalue"])
NUMBER_TYPES = frozenset(["currency", "double", "percent"])
SEVERAL_CHOICES = "multipicklist"
CHOICE_TYPES = frozenset(["picklist", "combobox", SEVERAL_CHOICES])
OTHER_TYPES = {
    "int": "BIGINT",
    "long": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    SEVERAL_CHOICES: "VARCHAR[]",
}
WHOLE_DIGITS, SCALE = 16, 2  # of the narrowest number column: DECIMAL(18,2)


@dataclass(frozen=True)
class OptionLabel:
    """What people see for a value of a field that offers a choice."""

    field: str
    value: str
    label: str
    is_active: bool
    sort_order: int


@dataclass(frozen=True)
class Described:
    """An object as this user sees it."""

    columns: TableSchema
    has_delete_log: bool
    is_custom: bool = False
    calculated: tuple[str, ...] = ()
    """Columns whose values can change without a change of the record's stamps: formulas and roll-ups."""
    unsupported: tuple[str, ...] = ()
    """Fields whose values are not read."""
    labels: tuple[OptionLabel, ...] = ()


def read_description(description: Mapping[str, Any]) -> Described:
    """A describe answer, reduced to what is read.

    Raises:
        UnexpectedReplyError: it has no fields.
    """
    fields = description.get("fields")
    if not isinstance(fields, list) or not fields:
        raise UnexpectedReplyError("Salesforce described an object without fields; nothing was read.")
    columns = readable_columns(description)
    readable = set(columns.names)
    return Described(
        columns,
        has_delete_log=bool(description.get("replicateable")),
        is_custom=bool(description.get("custom")),
        calculated=tuple(field["name"] for field in fields if field.get("calculated") and field["name"] in readable),
        unsupported=tuple(field["name"] for field in fields if field["type"] in UNSUPPORTED_TYPES),
        labels=tuple(_labels(fields)),
    )


def readable_columns(description: Mapping[str, Any]) -> TableSchema:
    """The columns of a describe answer, with their types; what cannot be landed as a value is left out."""
    return TableSchema(tuple(_columns(description["fields"])))


def _columns(fields: Iterable[Mapping[str, Any]]) -> Iterable[Column]:
    for field in fields:
        kind = str(field["type"])
        if kind in COMPOUND_TYPES or kind in UNSUPPORTED_TYPES:
            continue
        if kind in NUMBER_TYPES:
            # two decimals at least, and room for every whole number that the field may hold
            scale = int(field.get("scale") or 0)
            whole = max(int(field.get("precision") or 0) - scale, WHOLE_DIGITS)
            yield Column(field["name"], f"DECIMAL({whole + max(scale, SCALE)},{max(scale, SCALE)})")
        else:
            yield Column(field["name"], OTHER_TYPES.get(kind, "VARCHAR"))


def _labels(fields: Iterable[Mapping[str, Any]]) -> Iterable[OptionLabel]:
    for field in fields:
        if field["type"] not in CHOICE_TYPES:
            continue
        seen: set[str] = set()
        for place, option in enumerate(field.get("picklistValues") or []):
            value = option.get("value")
            if isinstance(value, str) and value not in seen:
                seen.add(value)
                label = option.get("label")
                yield OptionLabel(
                    field["name"], value, label if isinstance(label, str) else value, bool(option.get("active")), place
                )
