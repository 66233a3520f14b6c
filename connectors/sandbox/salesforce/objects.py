"""The org's objects and fields as the integration user sees them: what is hidden or absent does not exist for him."""

from collections.abc import Iterator
from functools import cache

from connectors.sandbox.catalogue import SALESFORCE, SalesforceField, salesforce_fields
from connectors.sandbox.state import SandboxState

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
}
# objects without getDeleted and getUpdated (object reference: supported calls)
NOT_REPLICATEABLE = frozenset({"Organization", "OpportunityStage", "RecordType"})
TEXT_TYPES = frozenset({"string", "textarea", "picklist", "url", "email", "phone", "anyType"})
NUMBER_TYPES = frozenset({"currency", "double", "percent", "int"})
LONG_TEXT = 255  # a textarea longer than this can be neither filtered nor sorted


class ObjectView:
    """Objects and fields by name, in any case, as far as the integration user may see them."""

    def __init__(self, state: SandboxState) -> None:
        """`state.hidden` is read at every look-up; tables that the world lacks are absent for good."""
        self._state = state
        with state.cursor() as cursor:
            found = cursor.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'salesforce'").fetchall()
        self._tables = frozenset(row[0] for row in found)

    def names(self) -> Iterator[str]:
        """Visible objects in the catalogue's order."""
        return (name for name in SALESFORCE if name in self._tables and not self._state.is_hidden(name))

    def find(self, name: str) -> str | None:
        """The API name for `name` in any case; None if there is no such object here."""
        return next((known for known in self.names() if known.lower() == name.lower()), None)

    def fields(self, object_name: str) -> list[SalesforceField]:
        """Visible fields in the catalogue's order."""
        return [field for field in salesforce_fields(object_name) if not self._state.is_hidden(object_name, field.name)]

    def find_field(self, object_name: str, name: str) -> SalesforceField | None:
        """The field for `name` in any case; None if there is no such field here."""
        return next((field for field in self.fields(object_name) if field.name.lower() == name.lower()), None)

    def find_parent(self, object_name: str, relationship: str) -> SalesforceField | None:
        """The reference field behind a relationship name, if the object that it points to is visible."""
        for field in self.fields(object_name):
            name = relationship_name(field)
            if name is not None and name.lower() == relationship.lower():
                return field if field.reference_to is not None and self.find(field.reference_to) else None
        return None


@cache
def has_field(object_name: str, name: str) -> bool:
    """Whether the object has the field at all, hidden or not."""
    return any(field.name == name for field in salesforce_fields(object_name))


def relationship_name(field: SalesforceField) -> str | None:
    """`AccountId` is reached as `Account`, `Plan__c` as `Plan__r`; None for what points nowhere."""
    if field.reference_to is None:
        return None
    if field.name.endswith("__c"):
        return field.name[:-1] + "r"
    return field.name.removesuffix("Id")


def is_filterable(field: SalesforceField) -> bool:
    """Long text and history values cannot stand in WHERE or ORDER BY."""
    return not (field.type == "anyType" or (field.type == "textarea" and field.length > LONG_TEXT))
