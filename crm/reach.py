"""The connected CRMs and the landing log, opened for one command."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.landing import LandingLog
from connectors.streams import Connector, Discovers, Stream
from crm.terminal import Terminal
from dagster_project.crms import connect, open_log, serving_sandbox
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Reach:
    """What a command works with; `sandbox_url` is None where real CRMs are connected."""

    settings: Settings
    sandbox_url: str | None

    @contextlib.contextmanager
    def connector(self, crm: str) -> Iterator[Connector]:
        """The connector of one CRM, closed at the end."""
        with contextlib.closing(connect(self.settings, crm, self.sandbox_url)) as connector:
            yield connector

    @contextlib.contextmanager
    def log(self) -> Iterator[LandingLog]:
        """The landing log, with the key that hashed columns need."""
        with open_log(self.settings) as log:
            yield log


@contextlib.contextmanager
def reach_crms(settings: Settings, terminal: Terminal) -> Iterator[Reach]:
    """Ready to connect; starts the sandbox where the settings ask for it and none runs."""
    starts = settings.is_sandbox and settings.sandbox_url is None
    if starts and not settings.paths.sandbox_world.exists():
        terminal.note(f"Making a new sandbox world of size {settings.sandbox_size} ...")
    with serving_sandbox(settings) as url:
        if url is not None:
            terminal.note(f"CRM_SOURCE=sandbox: the built-in CRMs answer at {url}, no real one is asked.")
        yield Reach(settings, url)


def every_stream(connector: Connector) -> Sequence[Stream]:
    """All that a CRM has to read, its custom objects too; call it after `identity`."""
    if isinstance(connector, Discovers):
        return connector.streams()
    from connectors.hubspot.objects import STREAMS as HUBSPOT
    from connectors.salesforce.objects import STREAMS as SALESFORCE

    return SALESFORCE if connector.connection == "salesforce" else HUBSPOT
