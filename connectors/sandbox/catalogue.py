"""The objects and fields that the sandbox's two CRMs have: one list for world, wire and metadata answers.

A line of `SALESFORCE` is `ApiName type[(precision,scale)|(length)] [flags]`; types are Salesforce's own
describe types. A line of `HUBSPOT` is `property_name type field_type [flags]`; types are HubSpot's own
property types. Flags: `calculated`, `nullable=no`, `custom`, `-> Object` (what a reference points to), and for
Salesforce `in Compound` (the address or name that a field is part of).
The world holds one DuckDB table per object with exactly these columns, in this order.
"""

import re
from dataclasses import dataclass
from functools import cache

from connectors.sandbox.hubspot_objects import HUBSPOT
from connectors.sandbox.salesforce_objects import SALESFORCE

__all__ = [
    "HUBSPOT",
    "HUBSPOT_HISTORY_PROPERTIES",
    "SALESFORCE",
    "HubSpotProperty",
    "SalesforceField",
    "hubspot_properties",
    "salesforce_fields",
]

SALESFORCE_API_VERSION = "62.0"

# deal properties whose history HubSpot keeps and the warehouse reads
HUBSPOT_HISTORY_PROPERTIES = (
    "dealstage",
    "amount",
    "closedate",
    "hubspot_owner_id",
    "pipeline",
    "hs_manual_forecast_category",
)

_LINE = re.compile(
    r"(?P<name>\w+)\s+(?P<type>\w+)(?:\((?P<size>[\d,]+)\))?(?P<rest>.*)",
)
_DUCKDB_TYPES = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}


# what a currency, percent or double without a size has, as in Salesforce's own New Custom Field page
DEFAULT_NUMBER_SIZE = (18, 2)
COMPOUND_TYPES = ("address", "location")


@dataclass(frozen=True)
class PicklistValue:
    """One entry of a picklist; `value` is what records hold."""

    value: str
    label: str
    is_active: bool = True


@dataclass(frozen=True)
class SalesforceField:
    """One field as describe answers it; `precision` and `scale` are 0 where the type has none.

    `compound` names the field that this one is part of. `picklist` is None where the values are those in use.
    """

    name: str
    type: str
    length: int
    precision: int
    scale: int
    reference_to: str | None
    is_calculated: bool
    is_custom: bool
    label: str = ""
    formula: str | None = None
    compound: str | None = None
    is_external_id: bool = False
    picklist: tuple[PicklistValue, ...] | None = None

    @property
    def is_compound(self) -> bool:
        """Made of other fields: REST answers an object, Bulk refuses it, and the world has no column for it."""
        return self.type in COMPOUND_TYPES

    @property
    def duckdb_type(self) -> str:
        """The world's column type: money and numbers are DECIMAL, datetimes UTC TIMESTAMP."""
        if self.type in ("currency", "double", "percent"):
            return f"DECIMAL({max(self.precision, 18)},{max(self.scale, 2)})"
        return _DUCKDB_TYPES.get(self.type, "VARCHAR")


@dataclass(frozen=True)
class HubSpotProperty:
    """One property as the properties API answers it; the world stores every value as HubSpot's own string."""

    name: str
    type: str
    field_type: str
    is_calculated: bool
    is_custom: bool


@cache
def salesforce_fields(object_name: str) -> tuple[SalesforceField, ...]:
    """Fields of a Salesforce object in column order; KeyError for an object the sandbox does not have."""
    return tuple(_salesforce_field(line) for line in SALESFORCE[object_name].strip().splitlines())


@cache
def hubspot_properties(object_type: str) -> tuple[HubSpotProperty, ...]:
    """Properties of a HubSpot object type in column order; KeyError for one the sandbox does not have."""
    return tuple(_hubspot_property(line) for line in HUBSPOT[object_type].strip().splitlines())


def _salesforce_field(line: str) -> SalesforceField:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError(f"catalogue line {line!r} is not 'Name type[(size)] [flags]'; mend catalogue.py")
    size = [int(part) for part in (match["size"] or "").split(",") if part]
    is_number = match["type"] in ("currency", "double", "percent")
    rest = match["rest"]
    reference = re.search(r"-> (\w+)", rest)
    compound = re.search(r"\bin (\w+)", rest)
    return SalesforceField(
        name=match["name"],
        type=match["type"],
        length=18 if match["type"] in ("id", "reference") else (0 if is_number or not size else size[0]),
        precision=size[0] if is_number else 0,
        scale=size[1] if is_number else 0,
        reference_to=reference[1] if reference else None,
        is_calculated="calculated" in rest,
        is_custom="custom" in rest,
        compound=compound[1] if compound else None,
    )


def _hubspot_property(line: str) -> HubSpotProperty:
    name, type_, field_type, *flags = line.split()
    return HubSpotProperty(name, type_, field_type, "calculated" in flags, "custom" in flags)
