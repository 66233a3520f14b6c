"""A served org: the real server in a thread of this process, over a world small enough to check by eye."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pytest
import requests

from connectors.sandbox import salesforce
from connectors.sandbox.faults import Fault
from connectors.sandbox.salesforce.edits import apply_edit
from connectors.sandbox.server import LOOPBACK, SandboxServer, build_app
from connectors.sandbox.state import DEFAULT_LIMITS, SandboxState
from connectors.sandbox.world import World
from tests.connectors.sandbox.salesforce.org_world import OrgWorld

DATA = "/services/data/v62.0"


@dataclass
class ServedOrg:
    """The org's address, and the state behind it for what only a test may do; paths are below /services/data/v62.0."""

    url: str
    state: SandboxState
    session: requests.Session

    def log_in(self) -> None:
        """A new session by client credentials."""
        form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        reply = self.session.post(f"{self.url}/services/oauth2/token", data=form, timeout=10)
        self.session.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"

    def get(self, path: str, **query: str) -> requests.Response:
        """GET with the session; a path that begins with /services is taken as it is."""
        return self.session.get(self._address(path), params=query, timeout=10)

    def post(self, path: str, body: object) -> requests.Response:
        """POST JSON with the session."""
        return self.session.post(self._address(path), json=body, timeout=10)

    def send(self, method: str, path: str, body: object = None) -> requests.Response:
        """Any method with the session."""
        return self.session.request(method, self._address(path), json=body, timeout=10)

    def query(self, soql: str, *, deleted: bool = False) -> requests.Response:
        """One SOQL query by GET."""
        return self.get("/queryAll" if deleted else "/query", q=soql)

    def ids(self, condition: str) -> list[int]:
        """Numbers of the opportunities that meet a condition, ascending."""
        reply = self.query(f"SELECT Id FROM Opportunity WHERE {condition} ORDER BY Id")
        assert reply.status_code == 200, reply.text
        return [int(record["Id"][3:15]) for record in reply.json()["records"]]

    def rows(self, select: str, identity: str) -> list[dict[str, object]]:
        """The records of one id, deleted ones too."""
        reply = self.query(f"{select} WHERE Id = '{identity}'", deleted=True)
        assert reply.status_code == 200, reply.text
        found: list[dict[str, object]] = reply.json()["records"]
        return found

    def edit(self, kind: str, **fields: object) -> dict[str, object]:
        """Make an edit that succeeds."""
        reply = self.post("/__sandbox__/edit", {"crm": "salesforce", "kind": kind, **fields})
        assert reply.status_code == 200, reply.text
        made: dict[str, object] = reply.json()
        return made

    def deleted_ids(self, object_name: str) -> list[str]:
        """What getDeleted lists of the last two weeks, up to a minute that is still to come."""
        window = {"start": "2026-03-05T00:00:00Z", "end": "2026-03-18T00:00:00Z"}
        return [row["id"] for row in self.get(f"/sobjects/{object_name}/deleted", **window).json()["deletedRecords"]]

    def fail(self, kind: str, family: str, **options: object) -> None:
        """Switch a fault on, at every call unless told."""
        self.state.faults.add([Fault.from_json({"kind": kind, "family": family, "rate": 1.0, **options})])

    def _address(self, path: str) -> str:
        return self.url + (path if path.startswith(("/services", "/__")) else DATA + path)


@contextmanager
def serving() -> Iterator[tuple[str, SandboxState]]:
    """A server over an org of its own."""
    world = OrgWorld()
    state = SandboxState(world)
    server = SandboxServer(build_app(state, salesforce.routes(state)), socket.create_server((LOOPBACK, 0)))
    thread = threading.Thread(target=server.run_until_stopped)
    thread.start()
    yield server.url, state
    server.should_exit = True
    thread.join(timeout=10)
    world.close()


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[str, SandboxState]]:
    with serving() as served:
        yield served


@pytest.fixture
def own_org() -> Iterator[ServedOrg]:
    """An org that a test may change."""
    with serving() as (url, state), requests.Session() as session:
        served = ServedOrg(url, state, session)
        served.log_in()
        yield served


@pytest.fixture(scope="module")
def edited_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A generated world in which the opportunities that the next days change were edited, and those days played."""
    path = tmp_path_factory.mktemp("edited") / "world.duckdb"
    twin = World.create(path, plants=frozenset())
    before = twin.clock.replace(tzinfo=None)
    twin.close()
    copy = path.with_name("copy.duckdb")
    copy.write_bytes(path.read_bytes())
    played = World.open(copy)
    played.tick(3)
    with played.cursor() as cursor:
        busy = cursor.execute(
            """SELECT "Id" FROM salesforce."Opportunity" WHERE "SystemModstamp" > ? AND "CreatedDate" < ?
            ORDER BY "Id" LIMIT 4""",
            [before, before],
        ).fetchall()
    played.close()
    kept, binned, erased, scored = (row[0] for row in busy)
    world = World.open(path)
    state = SandboxState(world)
    values = {kept: 3, scored: 3, binned: 3}
    for edit in (
        {"kind": "add_field", "object": "Opportunity", "name": "Score__c", "type": "double", "values": values},
        {"kind": "set_fields", "object": "Opportunity", "id": kept, "fields": {"Name": "Kept"}},
        {"kind": "hard_delete", "object": "Opportunity", "ids": [binned, erased]},
        {"kind": "insert", "object": "Opportunity", "fields": {"Name": "New", "Score__c": 3}},
    ):
        apply_edit(state, edit)
    world.tick(3)
    with world.cursor() as cursor:
        yield cursor
    world.close()


@pytest.fixture
def org(_served: tuple[str, SandboxState]) -> Iterator[ServedOrg]:
    """The org with a live session, no fault set and every counter at zero."""
    url, state = _served
    with requests.Session() as session:
        served = ServedOrg(url, state, session)
        served.log_in()
        state.stats.reset()
        yield served
    state.faults.clear()
    state.hidden, state.no_bulk, state.bulk_polls = set(), set(), 1
    state.limits, state.clock_skew = dict(DEFAULT_LIMITS), 0.0
