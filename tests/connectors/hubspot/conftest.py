"""A portal to sync from: small generated worlds, served over HTTP, and runs of the whole protocol against them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from typing import Any

import duckdb
import pytest

from connectors.hubspot.auth import Login
from connectors.hubspot.client import open_client
from connectors.hubspot.extract import HubSpotConnector
from connectors.hubspot.objects import STREAMS
from connectors.landing import LandingLog
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.state import Credentials
from connectors.sandbox.world import World
from connectors.secret import Secret
from connectors.streams import Stream, SyncEvent, SyncReport, SyncRequest
from connectors.sync import run_sync
from tests.connectors.hubspot.truth import TABLES, Comparison

TOKEN = Credentials().hubspot_private_token


@dataclass
class Night:
    """A warehouse and its landing log beside a running sandbox."""

    sandbox: RunningSandbox
    folder: Path
    events: list[SyncEvent] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def world(self) -> Path:
        return self.folder / "world.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def connect(self, *, host: str | None = None, token: str = TOKEN, **options: Any) -> HubSpotConnector:
        """A connector that notes in `waits` how long it would have slept, and does not sleep."""
        client = open_client(Secret(token), host=host or self.sandbox.url, **{"sleep": self.waits.append, **options})
        return HubSpotConnector(client, pages_per_part=2)

    def connect_with(self, login: Login, *, host: str | None = None) -> HubSpotConnector:
        """The same by another login than a token."""
        client = open_client(login=login, host=host or self.sandbox.url, sleep=self.waits.append)
        return HubSpotConnector(client, pages_per_part=2)

    def sync(
        self,
        streams: Sequence[Stream] = STREAMS,
        *,
        connector: HubSpotConnector | None = None,
        request: SyncRequest | None = None,
        **options: Any,
    ) -> SyncReport:
        """One run of the whole protocol; it need not succeed."""
        connector = connector or self.connect(**options)
        with LandingLog(self.folder / "landing") as log:
            return run_sync(connector, log, self.warehouse, streams, request=request, listener=self.events.append)

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

    def differences(self, *tables: str) -> dict[str, list[tuple[object, ...]]]:
        """How the raw tables, all or these, differ from the world; {} if they do not."""
        with closing(Comparison(self.warehouse, self.sandbox.url, self.folder, tables or TABLES)) as comparison:
            return comparison.differences()

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Rows of the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(statement).fetchall()

    def live_ids(self, kind: str, count: int | None = None) -> list[str]:
        """The first live records of a type, or all."""
        rows = self.sandbox.truth(f"hubspot/{kind}", full=True)
        live = [str(row["id"]) for row in rows if not row["archived"] and row["merged_into"] is None]
        return sorted(live, key=int)[:count]


def streams_of(*names: str) -> list[Stream]:
    """The streams of some objects."""
    return [stream for stream in STREAMS if stream.object_name in names]


DEALS = streams_of("deals")
DEAL_TABLES = ("deals", "deal_property_history", "deal_associations")


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated world; copy it before a day is played in it."""
    path = tmp_path_factory.mktemp("hubspot-world") / "world.duckdb"
    World.create(path, size="small").close()
    return path


@pytest.fixture(scope="module")
def _portal(small_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    world = tmp_path_factory.mktemp("served") / "world.duckdb"
    copyfile(small_world, world)
    with start_sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def first_night(_portal: RunningSandbox, tmp_path: Path) -> Iterator[Night]:
    """An empty warehouse beside a portal that other tests read too: no day may pass in it."""
    _portal.reset_stats()
    yield Night(_portal, tmp_path)
    _portal.clear_faults()


@pytest.fixture
def night(small_world: Path, tmp_path: Path) -> Iterator[Night]:
    """A world of one's own, served, and an empty warehouse."""
    copyfile(small_world, tmp_path / "world.duckdb")
    night = Night(start_sandbox(tmp_path / "world.duckdb"), tmp_path)
    try:
        yield night
    finally:
        night.sandbox.stop()
