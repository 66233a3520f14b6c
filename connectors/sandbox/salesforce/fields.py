"""Finds what a path in a query means: a field of the object, or of a parent that a reference leads to."""

from dataclasses import dataclass, field

from connectors.sandbox.catalogue import SalesforceField
from connectors.sandbox.salesforce.errors import Refusal, invalid_field
from connectors.sandbox.salesforce.objects import ObjectView, relationship_name
from connectors.sandbox.salesforce.schema import ADDRESS_PARTS
from connectors.sandbox.salesforce.soql import Path, Query, locate

ADVICE = "Please reference your WSDL or the describe call for the appropriate names."
RECORD = "record"  # SQL alias of the queried object


@dataclass(frozen=True)
class Parent:
    """A parent object that the query reaches through the reference `field`; one left join."""

    relationship: str
    object_name: str
    field: SalesforceField

    @property
    def alias(self) -> str:
        """SQL alias of the parent's table."""
        return f"parent_{self.relationship}"


@dataclass(frozen=True)
class FoundField:
    """A field, its SQL and its name in the API's own spelling (`Account.Name`)."""

    field: SalesforceField
    parent: Parent | None
    parts: tuple[SalesforceField, ...] = ()

    @property
    def sql(self) -> str:
        """Quoted column, or the JSON of a compound; names come from the org's schema only."""
        alias = RECORD if self.parent is None else self.parent.alias
        if self.field.is_compound:
            return _compound_sql(alias, self.parts)
        return f'"{alias}"."{self.field.name}"'

    @property
    def name(self) -> str:
        """As Salesforce spells it, whatever the query did."""
        return self.field.name if self.parent is None else f"{self.parent.relationship}.{self.field.name}"


@dataclass
class FieldFinder:
    """Looks fields up for one query and remembers which parents must be joined."""

    view: ObjectView
    query: Query
    object_name: str
    parents: dict[str, Parent] = field(default_factory=dict)

    def find(self, path: Path) -> FoundField:
        """The field; Refusal INVALID_FIELD if the user sees none of that name."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() == self.object_name.lower():
            parts = parts[1:]
        if len(parts) == 1:
            return self._found(self.object_name, parts[0], path, None)
        if len(parts) > 2:
            raise self.refuse(path, "The sandbox follows a relationship one level up, no further.")
        parent = self._parent(path, parts[0])
        return self._found(parent.object_name, parts[1], path, parent)

    def refuse(self, path: Path, message: str) -> Refusal:
        """INVALID_FIELD with the place in the query."""
        return invalid_field(locate(self.query.text, path.at, message))

    def joins(self) -> str:
        """The LEFT JOINs of all parents found so far."""
        return "".join(
            f' LEFT JOIN salesforce."{parent.object_name}" AS "{parent.alias}"'
            f' ON "{parent.alias}"."Id" = "{RECORD}"."{parent.field.name}"'
            for parent in self.parents.values()
        )

    def _found(self, object_name: str, name: str, path: Path, parent: Parent | None) -> FoundField:
        field = self._field(object_name, name, path)
        if not field.is_compound:
            return FoundField(field, parent)
        parts = [part for part in self.view.fields(object_name) if part.compound == field.name]
        return FoundField(field, parent, tuple(parts))

    def _field(self, object_name: str, name: str, path: Path) -> SalesforceField:
        found = self.view.find_field(object_name, name)
        if found is None:
            raise self.refuse(
                path,
                f"No such column '{name}' on entity '{object_name}'. If you are attempting to use a custom field, be"
                f" sure to append the '__c' after the custom field name. {ADVICE}",
            )
        return found

    def _parent(self, path: Path, relationship: str) -> Parent:
        reference = self.view.find_parent(self.object_name, relationship)
        if reference is None or reference.reference_to is None:
            raise self.refuse(
                path,
                f"Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom"
                f" relationship, be sure to append the '__r' after the custom relationship name. {ADVICE}",
            )
        name = relationship_name(reference) or relationship
        return self.parents.setdefault(name, Parent(name, reference.reference_to, reference))


def _compound_sql(alias: str, parts: tuple[SalesforceField, ...]) -> str:
    """An address as REST sends it, its keys in the service's order; null if every part is."""
    by_key = {_part_key(part.name): part for part in parts}
    columns = [f'"{alias}"."{part.name}"' for part in parts]
    values = []
    for key in sorted(ADDRESS_PARTS):
        part = by_key.get(key)
        value = "NULL" if part is None else f'"{alias}"."{part.name}"'
        cast = "::DOUBLE" if part is not None and part.type == "double" else ""
        values.append(f"'{key[0].lower()}{key[1:]}', {value}{cast}")
    if not columns:
        return "NULL"
    anything = " OR ".join(f"{column} IS NOT NULL" for column in columns)
    return f"CASE WHEN {anything} THEN json_object({', '.join(values)}) END"


def _part_key(name: str) -> str:
    plain = name.removesuffix("__s")
    return next((key for key in ADDRESS_PARTS if plain.endswith(key)), plain)
