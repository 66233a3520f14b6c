"""What the lanes of one connector share."""

from dataclasses import dataclass, field

from connectors.hubspot.carry import Carry
from connectors.hubspot.client import Client
from connectors.hubspot.objects import NOTES, OBJECT_TYPES, ObjectType, custom_type
from connectors.hubspot.parts import PAGES_PER_PART
from connectors.hubspot.properties import PropertyCatalogue
from connectors.hubspot.scratch import ArchivedLists, Scratch
from connectors.hubspot.vanished import VanishedRecords
from connectors.reading_rules import ReadingRules


@dataclass
class Session:
    """One portal, and what is known of it in this run."""

    client: Client
    pages_per_part: int = PAGES_PER_PART
    scratch: Scratch = field(default_factory=Scratch)
    pipelines: bytes | None = None
    """The pipelines as HubSpot answered them: two streams are made of one answer."""
    rules: ReadingRules = field(default_factory=ReadingRules.default)
    catalogue: PropertyCatalogue = field(init=False)
    archived: ArchivedLists = field(init=False)
    carry: Carry = field(init=False)
    vanished: VanishedRecords = field(init=False)
    merged: set[str] = field(default_factory=set)
    """Records that the deletes lanes of this run saw merged away: links to them lead elsewhere now."""
    read_now: dict[str, set[str]] = field(default_factory=dict)
    """Changed records by type that this run has read with all their properties."""
    planned: dict[str, int] = field(default_factory=dict)
    """Records by type that this run is going to read, as far as it is planned."""
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Records by type that are asked for by their ids; whatever else changed is left for another run."""
    discovered: dict[str, ObjectType] = field(default_factory=dict)
    """Types of record that the portal's administrators made."""

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self.catalogue = PropertyCatalogue(self.client, self.rules)
        self.archived = ArchivedLists(self.client, self.scratch)
        self.carry = Carry(self.scratch)
        self.vanished = VanishedRecords(self.client, self.scratch, self.archived)
        self.vanished.asked = self.ids

    def kind(self, name: str) -> ObjectType:
        """The type of record of that name; one that nobody declared is the portal's own."""
        known = OBJECT_TYPES.get(name) or self.discovered.get(name)
        return known or (NOTES if name == NOTES.name else custom_type(name, name))

    def read_pipelines(self) -> bytes:
        """The pipelines of deals with their stages; asked for once per run."""
        if self.pipelines is None:
            self.pipelines = self.client.get("pipelines", self.client.paths.pipelines("deals")).body
        return self.pipelines

    def forget(self) -> None:
        """A new run begins: what the last one learned may be old."""
        self.pipelines = None
        self.catalogue.forget()
        self.archived.forget()
        self.carry.drop()
        self.vanished.forget()
        self.merged.clear()
        self.read_now.clear()
        self.planned.clear()
        self.ids.clear()
        self.discovered.clear()
