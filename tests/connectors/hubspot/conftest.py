"""A portal to sync from: small generated worlds, served over HTTP, and runs of the whole protocol against them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile

import duckdb
import pytest

from connectors.hubspot.extract import HubSpotConnector, connect
from connectors.hubspot.objects import STREAMS
from connectors.landing import LandingLog
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.state import Credentials
from connectors.sandbox.world import World
from connectors.secret import Secret
from connectors.streams import Stream, SyncEvent, SyncReport
from connectors.sync import run_sync
from tests.connectors.hubspot.truth import Comparison

TOKEN = Credentials().hubspot_private_token


@dataclass
class Night:
    """A warehouse and its landing log beside a running sandbox."""

    sandbox: RunningSandbox
    folder: Path
    events: list[SyncEvent] = field(default_factory=list)

    @property
    def world(self) -> Path:
        return self.folder / "world.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def connect(self, **options: object) -> HubSpotConnector:
        given = {"access_token": Secret(TOKEN), "host": self.sandbox.url, **options}
        return connect(**given)  # type: ignore[arg-type]

    def sync(
        self, streams: Sequence[Stream] = STREAMS, *, connector: HubSpotConnector | None = None, **options: object
    ) -> SyncReport:
        """One run of the whole protocol; it need not succeed."""
        with LandingLog(self.folder / "landing") as log:
            return run_sync(
                connector or self.connect(**options), log, self.warehouse, streams, listener=self.events.append
            )

    def let_a_day_pass(self, *statements: str) -> None:
        """Move the world's clock by a day in which `statements` happened; the portal has another address afterwards.

        In the statements, `this_morning` is ten o'clock of that day. The generator's own events are left out, so that
        a test sees what it planted.
        """
        self.sandbox.stop()
        with duckdb.connect(str(self.world)) as connection:
            connection.execute("update state.world set clock = clock + interval 24 hours")
            connection.execute("set variable this_morning = (select clock - interval 16 hours from state.world)")
            for statement in statements:
                connection.execute(statement.replace("this_morning", "getvariable('this_morning')"))
        self.sandbox = start_sandbox(self.world)

    def differences(self) -> dict[str, list[tuple[object, ...]]]:
        """How the raw tables differ from the world; {} if they do not."""
        comparison = self.compare()
        try:
            return comparison.differences()
        finally:
            comparison.close()

    def compare(self) -> Comparison:
        return Comparison(self.warehouse, self.sandbox.url, self.folder)


def streams_of(*names: str) -> list[Stream]:
    """The streams of some objects."""
    return [stream for stream in STREAMS if stream.object_name in names]


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated world; copy it before a day is played in it."""
    path = tmp_path_factory.mktemp("hubspot-world") / "world.duckdb"
    World.create(path, size="small").close()
    return path


@pytest.fixture
def night(small_world: Path, tmp_path: Path) -> Iterator[Night]:
    """A world of one's own, served, and an empty warehouse."""
    copyfile(small_world, tmp_path / "world.duckdb")
    night = Night(start_sandbox(tmp_path / "world.duckdb"), tmp_path)
    try:
        yield night
    finally:
        night.sandbox.stop()
