"""A served portal: the real server in a thread of this process, over a world small enough to check by eye."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import requests

from connectors.sandbox import hubspot
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.quota import Quota
from connectors.sandbox.server import LOOPBACK, SandboxServer, build_app
from connectors.sandbox.state import SandboxState
from tests.connectors.sandbox.hubspot.portal_world import PortalWorld

TOKEN = "pat-sandbox-0000"


@dataclass
class ServedPortal:
    """The portal's address, and the state behind it for what only a test may do."""

    url: str
    state: SandboxState
    timer: list[float]  # seconds on the clock that rate limits run on
    session: requests.Session

    def get(self, path: str, **query: object) -> requests.Response:
        """GET with the token; `path` may carry its own query."""
        return self.session.get(f"{self.url}{path}", params=query, timeout=10)  # type: ignore[arg-type]

    def post(self, path: str, body: object) -> requests.Response:
        """POST JSON with the token."""
        return self.session.post(f"{self.url}{path}", json=body, timeout=10)

    def fail(self, kind: str, family: str, **options: object) -> None:
        """Switch a fault on, at every call unless told."""
        self.state.faults.add([Fault.from_json({"kind": kind, "family": family, "rate": 1.0, **options})])


@contextmanager
def serve_portal(world: PortalWorld) -> Iterator[ServedPortal]:
    """Serve `world` for as long as the block runs; rate limits run on the portal's own timer."""
    state = SandboxState(world)
    timer = [0.0]
    crm_routes = hubspot.routes(state, Quota(now=lambda: timer[0]))
    server = SandboxServer(build_app(state, crm_routes), socket.create_server((LOOPBACK, 0)))
    thread = threading.Thread(target=server.run_until_stopped)
    thread.start()
    try:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            yield ServedPortal(server.url, state, timer, session)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        world.close()


@pytest.fixture(scope="package")
def _served() -> Iterator[ServedPortal]:
    with serve_portal(PortalWorld()) as served:
        yield served


@pytest.fixture
def portal(_served: ServedPortal) -> Iterator[ServedPortal]:
    """The portal with no fault set, every counter at zero and no call within the last minute."""
    _served.state.stats.reset()
    _served.timer[0] += 60.0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield replace(_served, session=session)
    _served.state.faults.clear()
    _served.state.hidden = set()


@pytest.fixture
def own_portal() -> Iterator[ServedPortal]:
    """A portal of five deals that nobody else uses, for edits that stay."""
    with serve_portal(PortalWorld(live_deals=5)) as served:
        yield served


def edit(portal: ServedPortal, kind: str, **fields: object) -> dict[str, object]:
    """Play one edit in the portal."""
    reply = portal.session.post(
        f"{portal.url}/__sandbox__/edit", json={"crm": "hubspot", "kind": kind, **fields}, timeout=30
    )
    assert reply.status_code == 200, reply.text
    made: dict[str, object] = reply.json()
    return made
