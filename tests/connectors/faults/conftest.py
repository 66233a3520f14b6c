"""Both CRMs of one small world, served by a process of their own, and whole runs of the sync protocol against them."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.engine import LOCK_WAIT_SECONDS
from connectors.hubspot.client import open_client
from connectors.hubspot.extract import HubSpotConnector
from connectors.landing import LandingLog
from connectors.salesforce.extract import SalesforceConnector, connect
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.state import Credentials
from connectors.sandbox.world import World
from connectors.secret import Secret
from connectors.streams import Listener, SyncReport, SyncRequest
from connectors.sync import run_sync
from tests.support.raw_truth import differences

TINY = "50"
Connector = SalesforceConnector | HubSpotConnector


@dataclass
class Crms:
    """A world and a warehouse; CRMs by name."""

    sandbox: RunningSandbox
    folder: Path

    @property
    def warehouse(self) -> Path:
        """The warehouse file."""
        return self.folder / "warehouse.duckdb"

    def connect(self, crm: str, *, login: Any = None) -> Connector:
        """A connector that does not sleep."""
        url = self.sandbox.url
        if crm == "salesforce":
            return connect(
                login_url=url, client_id="sandbox-client", client_secret=Secret("sandbox-secret"), login=login
            )
        token = None if login else Secret(Credentials().hubspot_private_token)
        return HubSpotConnector(open_client(token, login=login, host=url, sleep=lambda _: None))

    def sync(
        self,
        crm: str,
        *objects: str,
        connector: Connector | None = None,
        listener: Listener | None = None,
        request: SyncRequest | None = None,
        lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    ) -> SyncReport:
        """One run over everything that the CRM turns out to have, or over these objects."""
        used = connector or self.connect(crm)
        used.identity()
        streams = [stream for stream in used.streams() if not objects or stream.object_name in objects]
        with LandingLog(self.folder / "landing") as log:
            report = run_sync(
                used,
                log,
                self.warehouse,
                streams,
                listener=listener,
                request=request,
                lock_wait_seconds=lock_wait_seconds,
            )
        used.close()
        return report

    def edit(self, crm: str, kind: str, **fields: object) -> dict[str, Any]:
        """What a person or an administrator does, visible at once."""
        return self.sandbox.edit(crm=crm, kind=kind, **fields)

    def ids(self, path: str) -> list[str]:
        """The live records of a world's table, ascending."""
        rows = self.sandbox.truth(path, full=True)
        gone = ("IsDeleted", "archived", "merged_into")
        return sorted(str(row.get("Id") or row.get("id")) for row in rows if not any(row.get(name) for name in gone))

    def differences(self, crm: str, *objects: str) -> list[str]:
        """How the raw tables, all or some, differ from the truth; the sandbox ends, since its file is read."""
        self.sandbox.stop()
        return differences(self.folder / "world.duckdb", self.warehouse, crms=[crm], only=objects)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which nothing happens but what a test does, for a played day costs as much as four syncs; nobody may
    write to it."""
    file = tmp_path_factory.mktemp(f"tiny-{os.getpid()}") / "world.duckdb"
    world = World.create(file, size=TINY)
    world.stand_still()
    world.close()
    return file


@pytest.fixture
def crms(tiny_world: Path, tmp_path: Path) -> Iterator[Crms]:
    """A world of one's own, served, and no warehouse yet."""
    shutil.copy(tiny_world, tmp_path / "world.duckdb")
    with start_sandbox(tmp_path / "world.duckdb") as sandbox:
        yield Crms(sandbox, tmp_path)
