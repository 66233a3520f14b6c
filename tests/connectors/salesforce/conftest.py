"""A Salesforce org over HTTP: the sandbox's server in a thread of this process, over a world that the test edits."""

import shutil
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from connectors.landing import LandingLog
from connectors.reading_rules import ReadingRules
from connectors.salesforce.extract import STREAMS, SalesforceConnector, connect
from connectors.sandbox import salesforce
from connectors.sandbox.catalogue import SALESFORCE
from connectors.sandbox.faults import Fault
from connectors.sandbox.salesforce.edits import apply_edit
from connectors.sandbox.server import LOOPBACK, SandboxServer, build_app
from connectors.sandbox.state import SandboxState
from connectors.sandbox.world import World
from connectors.secret import Secret
from connectors.streams import Listener, Stream, SyncReport
from connectors.sync import run_sync
from connectors.wire import Timeouts
from tests.connectors.salesforce.edited_world import EditedWorld, differences

# computed columns have tests of their own
LANES = tuple(stream for stream in STREAMS if stream.lane != "calculated")
DEALS = "60"  # a world of 423 history rows: five pages of a hundred


@dataclass
class ServedOrg:
    """The org, and a warehouse that is synced from it. `calls` are those of the last sync, by family."""

    url: str
    state: SandboxState
    world: EditedWorld
    folder: Path
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        """The warehouse file."""
        return self.folder / "warehouse.duckdb"

    def connect(
        self,
        *,
        api_budget: int | None = None,
        bulk_page_rows: int = 100,
        timeouts: Timeouts | None = None,
        rules: ReadingRules | None = None,
        bulk_patience: float = 60.0,
    ) -> SalesforceConnector:
        """A connector with the right credentials."""
        return connect(
            login_url=self.url,
            client_id="sandbox-client",
            client_secret=Secret("sandbox-secret"),
            api_budget=api_budget,
            bulk_page_rows=bulk_page_rows,
            timeouts=timeouts,
            rules=rules,
            bulk_patience=bulk_patience,
        )

    def sync_discovered(
        self, *objects: str, rules: ReadingRules | None = None, listener: Listener | None = None
    ) -> SyncReport:
        """One run over what the connector itself finds to read, or over those objects of it."""
        connector = self.connect(rules=rules)
        connector.identity()
        return self.sync(*objects, connector=connector, streams=connector.streams(), listener=listener)

    def edit(self, kind: str, **given: object) -> dict[str, object]:
        """What a person or an administrator does in the org, visible at once."""
        made = apply_edit(self.state, {"kind": kind, **given})
        self.state.edits += 1
        return made

    def sync(
        self,
        *objects: str,
        connector: SalesforceConnector | None = None,
        listener: Listener | None = None,
        streams: Sequence[Stream] = LANES,
    ) -> SyncReport:
        """One run over all objects, or over those named."""
        chosen = [stream for stream in streams if not objects or stream.object_name in objects]
        used = connector or self.connect()
        with LandingLog(self.folder / "landing") as log:
            report = run_sync(used, log, self.warehouse, chosen, listener=listener)
        self.calls = dict(used.calls)
        used.close()
        return report

    def play_day(self, days: int = 1) -> None:
        """Let the world's next day happen."""
        self.state.tick(days)

    def differences(self, *objects: str) -> list[str]:
        """How the warehouse differs from the org, in all objects or those named; [] if it does not."""
        with self.world.cursor() as cursor:
            return differences(cursor, self.warehouse, objects or SALESFORCE)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def fail(self, kind: str, family: str, *at: int, **options: object) -> None:
        """Let the calls `at` (from 1) of a family fail, all of them if none is named."""
        chosen: dict[str, object] = {"at": at} if at else {"rate": 1.0}
        self.state.faults.add([Fault.from_json({"kind": kind, "family": f"salesforce.{family}", **chosen, **options})])

    def fired(self) -> int:
        """How many faults have happened."""
        return sum(int(str(line["fired"])) for line in self.state.faults.report())


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world that nobody may write to."""
    file = tmp_path_factory.mktemp("world") / "world.duckdb"
    World.create(file, size=DEALS).close()
    return file


@pytest.fixture
def org(world_file: Path, tmp_path: Path) -> Iterator[ServedOrg]:
    """An org of the test's own, and an empty folder for its warehouse."""
    shutil.copy(world_file, tmp_path / "world.duckdb")
    world = EditedWorld(tmp_path / "world.duckdb")
    state = SandboxState(world)
    server = SandboxServer(build_app(state, salesforce.routes(state)), socket.create_server((LOOPBACK, 0)))
    thread = threading.Thread(target=server.run_until_stopped)
    thread.start()
    yield ServedOrg(server.url, state, world, tmp_path)
    server.should_exit = True
    thread.join(timeout=10)
    world.close()
