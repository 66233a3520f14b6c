"""Both CRMs over HTTP, with a proxy between that keeps every byte: worlds with something personal planted in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from connectors.hubspot import extract as hubspot
from connectors.hubspot.objects import STREAMS as HUBSPOT_STREAMS
from connectors.landing import LandingLog
from connectors.reading_rules import ReadingRules
from connectors.salesforce import extract as salesforce
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.state import Credentials
from connectors.sandbox.world import World
from connectors.secret import Secret
from connectors.streams import Connector, Stream, SyncReport
from connectors.sync import run_sync
from tests.connectors.privacy.recording_proxy import Wire, record

DEALS = "60"
KEY = Secret("an owl, a pear and 12 long winters")
BODY = "Dear Orsolya, the doctor says it is curable."
ADDRESS = "Orsolya.Personname@Private.example"


@dataclass
class Crm:
    """One of the two CRMs behind the proxy, and a warehouse that is synced from it."""

    name: str
    sandbox: RunningSandbox
    wire: Wire
    folder: Path
    streams: Sequence[Stream]

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def connect(self, rules: ReadingRules | None) -> Connector:
        """A connector with these rules, through the proxy."""
        if self.name == "hubspot":
            token = Secret(Credentials().hubspot_private_token)
            return hubspot.connect(
                access_token=token, host=self.wire.url, rules=rules, scratch_folder=self.folder / "scratch"
            )
        return salesforce.connect(
            login_url=self.wire.url, client_id="sandbox-client", client_secret=Secret("sandbox-secret"), rules=rules
        )

    def sync(self, rules: ReadingRules | None = None, *, key: Secret | None = KEY) -> SyncReport:
        """One run of the whole protocol that must succeed."""
        connector = self.connect(rules)
        try:
            with LandingLog(self.landing, hash_key=key) as log:
                report = run_sync(connector, log, self.warehouse, self.streams)
        finally:
            connector.close()
        report.raise_for_failure()
        return report

    def rules(self, text: str) -> ReadingRules:
        """A person's own rules."""
        path = self.folder.with_suffix(".toml")
        path.write_text(text)
        return ReadingRules.read(path)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Both CRMs of a small world with something personal in them. Days may pass: what is planted stays."""
    path = tmp_path_factory.mktemp("personal") / "world.duckdb"
    World.create(path, size=DEALS).close()
    with start_sandbox(path) as running:
        _plant_in_hubspot(running)
        _plant_in_salesforce(running)
        running.tick()
        yield running


@pytest.fixture
def portal(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Crm]:
    """HubSpot, where e-mails have a body and a contact a very recognizable address."""
    streams = [stream for stream in HUBSPOT_STREAMS if stream.object_name in ("contacts", "emails")]
    with record(sandbox.url) as wire:
        yield Crm("hubspot", sandbox, wire, tmp_path / "hubspot", streams)


@pytest.fixture
def org(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Crm]:
    """Salesforce, where a task has a description and a contact a very recognizable address."""
    streams = [stream for stream in salesforce.STREAMS if stream.object_name in ("Contact", "Task")]
    with record(sandbox.url) as wire:
        yield Crm("salesforce", sandbox, wire, tmp_path / "salesforce", streams)


def _plant_in_hubspot(sandbox: RunningSandbox) -> None:
    sandbox.edit(crm="hubspot", kind="add_property", type="emails", name="hs_email_text", default=BODY)
    contact = _first(sandbox, "hubspot/contacts", "id")
    sandbox.edit(crm="hubspot", kind="set_properties", type="contacts", id=contact, properties={"email": ADDRESS})


def _plant_in_salesforce(sandbox: RunningSandbox) -> None:
    task, contact = _first(sandbox, "salesforce/Task", "Id"), _first(sandbox, "salesforce/Contact", "Id")
    sandbox.edit(
        crm="salesforce", kind="add_field", object="Task", name="Description", type="textarea", values={task: BODY}
    )
    sandbox.edit(crm="salesforce", kind="set_fields", object="Contact", id=contact, fields={"Email": ADDRESS})


def _first(sandbox: RunningSandbox, path: str, key: str) -> str:
    rows = sandbox.truth(path, full=True)
    live = [row for row in rows if not row.get("archived") and not row.get("IsDeleted") and not row.get("merged_into")]
    return min(str(row[key]) for row in live)
