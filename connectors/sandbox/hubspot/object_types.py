"""HubSpot's names for its object types: paths take plural, singular or type id, messages and links one of them."""

from dataclasses import dataclass

from connectors.sandbox.catalogue import HUBSPOT

_CREATED_AND_MODIFIED = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")

# HubSpot's other types: links to them can be asked for, and there are none
LINKED_TO_NOTHING = frozenset(
    (
        *("carts", "communications", "conversations", "feedback_submissions", "invoices"),
        *("leads", "orders", "payments", "postal_mail", "subscriptions"),
    )
)
_WITH_CREATEDATE = ("deals", "companies", "contacts", "tickets", "products", "line_items")


@dataclass(frozen=True)
class ObjectType:
    """One object type. `singular` is the name in association types; `default_properties` answer when none are asked.

    A custom object type has a `full_name` with the portal's id in it, and one word as singular and plural.
    """

    plural: str
    singular: str
    type_id: str
    default_properties: tuple[str, ...]
    searched_by_text: tuple[str, ...]
    full_name: str = ""

    @property
    def is_custom(self) -> bool:
        """Whether an edit of the portal made this type."""
        return bool(self.full_name)

    @property
    def table(self) -> str:
        """The world's table."""
        return f"hubspot.{self.plural}"

    @property
    def modified_property(self) -> str:
        """The property that repeats `updatedAt`; contacts have their own name for it."""
        return "lastmodifieddate" if self.plural == "contacts" else "hs_lastmodifieddate"

    @property
    def created_property(self) -> str:
        """The property that repeats `createdAt` unless somebody edited it."""
        return "createdate" if self.plural in _WITH_CREATEDATE else "hs_createdate"

    @property
    def always_answered(self) -> tuple[str, str, str]:
        """The three properties that HubSpot adds to whatever was asked for."""
        return (self.created_property, self.modified_property, "hs_object_id")

    @property
    def unique_properties(self) -> tuple[str, ...]:
        """Properties that `idProperty` accepts."""
        return ("hs_object_id", "email") if self.plural == "contacts" else ("hs_object_id",)


OBJECT_TYPES = {
    kind.plural: kind
    for kind in (
        ObjectType(
            "deals",
            "deal",
            "0-3",
            (
                "amount",
                "closedate",
                "createdate",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ),
            ("dealname", "pipeline", "dealstage", "dealtype"),
        ),
        ObjectType(
            "companies",
            "company",
            "0-2",
            ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
            ("name", "domain"),
        ),
        ObjectType(
            "contacts",
            "contact",
            "0-1",
            ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
            ("firstname", "lastname", "email"),
        ),
        ObjectType("calls", "call", "0-48", _CREATED_AND_MODIFIED, ("hs_call_title",)),
        ObjectType("meetings", "meeting_event", "0-47", _CREATED_AND_MODIFIED, ("hs_meeting_title",)),
        ObjectType("emails", "email", "0-49", _CREATED_AND_MODIFIED, ("hs_email_subject",)),
        ObjectType("tasks", "task", "0-27", _CREATED_AND_MODIFIED, ("hs_task_subject",)),
        # there are none of these unless an edit makes them
        ObjectType("notes", "note", "0-46", _CREATED_AND_MODIFIED, ("hs_note_body",)),
        ObjectType(
            "tickets", "ticket", "0-5", ("createdate", "hs_lastmodifieddate", "hs_object_id", "subject"), ("subject",)
        ),
        ObjectType(
            "products", "product", "0-7", ("createdate", "hs_lastmodifieddate", "hs_object_id", "name"), ("name",)
        ),
        ObjectType(
            "line_items", "line_item", "0-8", ("createdate", "hs_lastmodifieddate", "hs_object_id", "name"), ("name",)
        ),
        ObjectType("quotes", "quote", "0-14", _CREATED_AND_MODIFIED, ("hs_title",)),
    )
}

if set(OBJECT_TYPES) != set(HUBSPOT):
    raise RuntimeError(f"object_types.py and catalogue.py differ in {sorted(set(OBJECT_TYPES) ^ set(HUBSPOT))}")


def names_of(kind: ObjectType) -> tuple[str, ...]:
    """What path segments may call an object type, in lower case."""
    names = {kind.plural, kind.singular, kind.type_id, kind.plural.removesuffix("s")}
    if kind.is_custom:
        names |= {kind.full_name, f"p_{kind.plural}"}
    return tuple(sorted(name.lower() for name in names))
