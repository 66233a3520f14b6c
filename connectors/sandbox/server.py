"""The sandbox's HTTP server: both CRMs' routes, the control endpoints, and the virtual clock in every Date header.

Control endpoints, which no CRM has:
`POST /__sandbox__/tick?days=1` · `POST /__sandbox__/edit` · `POST|DELETE /__sandbox__/faults` ·
`GET|DELETE /__stats__` · `GET /__stats__/requests?family=&last=` · `GET /__truth__/{schema}/{table}?full=1`
"""

import json
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox import hubspot, salesforce
from connectors.sandbox.control import control_routes
from connectors.sandbox.endpoint import TRANSPORT
from connectors.sandbox.state import SandboxState

LOOPBACK = "127.0.0.1"


def build_app(state: SandboxState, crm_routes: Sequence[Route] | None = None) -> ASGIApp:
    """The ASGI application over one world; `crm_routes` defaults to those of both CRMs."""
    if crm_routes is None:
        crm_routes = [*salesforce.routes(state), *hubspot.routes(state)]
    app = Starlette(routes=[*control_routes(state), *crm_routes])
    app.router.redirect_slashes = False
    return _VirtualTime(state, app)


def serve(state: SandboxState, *, port: int = 0, ready_file: Path | None = None) -> "SandboxServer":
    """A bound server, not yet running; port 0 takes a free one. `ready_file` gets {"url": ...} once it answers."""
    listener = socket.create_server((LOOPBACK, port))
    return SandboxServer(build_app(state), listener, ready_file)


class SandboxServer(uvicorn.Server):
    """Runs until `should_exit` is set; `url` is known from the start."""

    def __init__(self, app: ASGIApp, listener: socket.socket, ready_file: Path | None = None) -> None:
        """Take over a listening loopback socket."""
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                # the only one that sends header names as they are written: some clients look for `Content-Type`
                http="h11",
                lifespan="off",
                log_level="warning",
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self.url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        self._listener = listener
        # connections inherit it; asyncio sets it only on sockets whose protocol was named, and without it every
        # answer waits 40 ms for the client's delayed acknowledgement
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ready_file = ready_file

    def run_until_stopped(self) -> None:
        """Serve; returns after `should_exit` or SIGTERM."""
        self.run(sockets=[self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce the address once requests are answered."""
        await super().startup(sockets)
        if self._ready_file is not None:
            partial = self._ready_file.with_name(self._ready_file.name + ".partial")
            partial.write_text(json.dumps({"url": self.url}), encoding="utf-8")
            partial.replace(self._ready_file)


class _VirtualTime:
    """Puts the world's clock into the Date header of every reply, refusals and unknown paths included."""

    def __init__(self, state: SandboxState, app: ASGIApp) -> None:
        self._state = state
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/services/"):  # Salesforce takes a path with a trailing slash or without
            scope["path"] = scope["path"].rstrip("/")
        # uvicorn's send is a method of the object that owns the connection; no public way leads there
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"Date", self._state.http_date.encode("ascii"))]
            await send(message)

        await self._app(scope, receive, send_dated)
