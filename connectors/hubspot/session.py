"""What the lanes of one connector share."""

from dataclasses import dataclass, field

from connectors.hubspot.carry import Carry
from connectors.hubspot.client import Client
from connectors.hubspot.parts import PAGES_PER_PART
from connectors.hubspot.properties import PropertyCatalogue
from connectors.hubspot.scratch import ArchivedLists, Scratch
from connectors.hubspot.vanished import VanishedRecords


@dataclass
class Session:
    """One portal, and what is known of it in this run."""

    client: Client
    pages_per_part: int = PAGES_PER_PART
    scratch: Scratch = field(default_factory=Scratch)
    pipelines: bytes | None = None
    """The pipelines as HubSpot answered them: two streams are made of one answer."""
    catalogue: PropertyCatalogue = field(init=False)
    archived: ArchivedLists = field(init=False)
    carry: Carry = field(init=False)
    vanished: VanishedRecords = field(init=False)
    merged: set[str] = field(default_factory=set)
    """Records that the deletes lanes of this run saw merged away: links to them lead elsewhere now."""

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self.catalogue = PropertyCatalogue(self.client)
        self.archived = ArchivedLists(self.client, self.scratch)
        self.carry = Carry(self.scratch)
        self.vanished = VanishedRecords(self.client, self.scratch, self.archived)

    def forget(self) -> None:
        """A new run begins: what the last one learned may be old."""
        self.pipelines = None
        self.catalogue.forget()
        self.archived.forget()
        self.carry.drop()
        self.vanished.forget()
        self.merged.clear()
