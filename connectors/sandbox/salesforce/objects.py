"""The org's objects and fields as the integration user sees them: what is hidden or absent does not exist for him."""

from collections.abc import Iterator

from connectors.sandbox.catalogue import SalesforceField
from connectors.sandbox.salesforce.schema import OrgSchema, SalesforceObject
from connectors.sandbox.state import SandboxState

TEXT_TYPES = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "combobox", "url", "email", "phone", "anyType"}
    | {"encryptedstring"}
)
NUMBER_TYPES = frozenset({"currency", "double", "percent", "int"})
LONG_TEXT = 255  # a textarea longer than this can be neither filtered nor sorted


class ObjectView:
    """Objects and fields by name, in any case, as far as the integration user may see them."""

    def __init__(self, state: SandboxState) -> None:
        """`state.hidden` is read at every look-up, the schema again after each edit."""
        self._state = state
        self._read = -1
        self._schema = OrgSchema()

    def names(self) -> Iterator[str]:
        """Visible objects in the catalogue's order, custom ones after them."""
        return (name for name in self._known() if not self._state.is_hidden(name))

    def get(self, name: str) -> SalesforceObject:
        """An object by its API name, hidden fields included; KeyError if there is none."""
        return self._known()[name]

    def find(self, name: str) -> str | None:
        """The API name for `name` in any case; None if there is no such object here."""
        return next((known for known in self.names() if known.lower() == name.lower()), None)

    def fields(self, object_name: str) -> list[SalesforceField]:
        """Visible fields in the catalogue's order."""
        return [field for field in self.get(object_name).fields if not self._state.is_hidden(object_name, field.name)]

    def has_field(self, object_name: str, name: str) -> bool:
        """Whether the object has the field at all, hidden or not."""
        return self.get(object_name).has_field(name)

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

    def _known(self) -> dict[str, SalesforceObject]:
        now = self._state.edits
        if self._read != now:
            with self._state.cursor() as cursor:
                self._schema = OrgSchema.read(cursor)
            self._read = now
        return self._schema.objects


def relationship_name(field: SalesforceField) -> str | None:
    """`AccountId` is reached as `Account`, `Plan__c` as `Plan__r`; None for what points nowhere."""
    if field.reference_to is None:
        return None
    if field.name.endswith("__c"):
        return field.name[:-1] + "r"
    return field.name.removesuffix("Id")


def is_filterable(field: SalesforceField) -> bool:
    """Long text, history values and compounds cannot stand in WHERE or ORDER BY."""
    is_long = field.type == "textarea" and field.length > LONG_TEXT
    return not (is_long or field.is_compound or field.type in ("anyType", "encryptedstring"))
