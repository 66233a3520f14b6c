"""A served org: the real server in a thread of this process, over a world small enough to check by eye."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from connectors.sandbox import salesforce
from connectors.sandbox.faults import Fault
from connectors.sandbox.server import LOOPBACK, SandboxServer, build_app
from connectors.sandbox.state import SandboxState
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

    def fail(self, kind: str, family: str, **options: object) -> None:
        """Switch a fault on, at every call unless told."""
        self.state.faults.add([Fault.from_json({"kind": kind, "family": family, "rate": 1.0, **options})])

    def _address(self, path: str) -> str:
        return self.url + (path if path.startswith(("/services", "/__")) else DATA + path)


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[str, SandboxState]]:
    world = OrgWorld()
    state = SandboxState(world)
    server = SandboxServer(build_app(state, salesforce.routes(state)), socket.create_server((LOOPBACK, 0)))
    thread = threading.Thread(target=server.run_until_stopped)
    thread.start()
    yield server.url, state
    server.should_exit = True
    thread.join(timeout=10)
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
