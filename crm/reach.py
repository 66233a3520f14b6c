"""The connected CRMs and the landing log, opened for one command."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.errors import BusyError, CrmError
from connectors.landing import LandingLog
from connectors.sandbox.process import SandboxError
from connectors.streams import Connector, Stream
from crm.choice import Choice, check_objects, choose_streams
from crm.terminal import Terminal
from dagster_project.crms import connect, discover_streams, open_log, serving_sandbox
from dagster_project.settings import Settings

_SERVED_ALREADY = "Is another sandbox serving it?"  # what the sandbox says of a world that is open elsewhere


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


@dataclass(frozen=True)
class Chosen:
    """One CRM of a command: what of it was chosen, out of everything it has; or why it cannot be asked."""

    crm: str
    connector: Connector | None
    every: Sequence[Stream] = ()
    streams: Sequence[Stream] = ()
    error: CrmError | None = None


@contextlib.contextmanager
def open_chosen(reach: Reach, choice: Choice) -> Iterator[list[Chosen]]:
    """The chosen CRMs, each after its login; those that have none of the objects chosen are left out.

    Raises:
        ConfigurationError: an object was named that none of them has.
    """
    with contextlib.ExitStack() as stack:
        found = [_open(reach, crm, choice, stack) for crm in choice.connected(reach.settings)]
        if all(chosen.error is None for chosen in found):
            every = [stream for chosen in found for stream in chosen.every]
            check_objects([stream for chosen in found for stream in chosen.streams], every, choice.objects)
        yield [chosen for chosen in found if chosen.streams or chosen.error]


def _open(reach: Reach, crm: str, choice: Choice, stack: contextlib.ExitStack) -> Chosen:
    try:
        connector = stack.enter_context(reach.connector(crm))
        every = discover_streams(connector)
    except CrmError as error:
        return Chosen(crm, None, error=error)
    return Chosen(crm, connector, every, choose_streams(every, choice.objects))


@contextlib.contextmanager
def reach_crms(settings: Settings, terminal: Terminal) -> Iterator[Reach]:
    """Ready to connect; starts the sandbox where the settings ask for it and none runs."""
    starts = settings.is_sandbox and settings.sandbox_url is None
    if starts and not settings.paths.sandbox_world.exists():
        terminal.note(f"Making a new sandbox world of size {settings.sandbox_size} ...")
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(serving_sandbox(settings))
        except SandboxError as error:
            if _SERVED_ALREADY not in str(error):
                raise
            raise BusyError(
                f"{settings.paths.sandbox_world} is served by another sandbox, such as that of `make dev` or of a sync "
                "that runs. Put its address into SANDBOX_URL, or wait until it has ended, and run again."
            ) from error
        if url is not None:
            terminal.note(f"CRM_SOURCE=sandbox: the built-in CRMs answer at {url}, no real one is asked.")
        yield Reach(settings, url)
