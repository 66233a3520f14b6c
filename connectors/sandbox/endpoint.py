"""How every endpoint of both CRMs answers: faults, threads, gzip and counting in one place.

A CRM's module writes plain functions `(Call) -> Answer` and lists them with `endpoint(...)`; they run in worker
threads while the world is held still. `refuse(call, fault)` turns a `status` fault into that vendor's error body.
"""

import asyncio
import gzip
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.sandbox.faults import Fault
from connectors.sandbox.state import SandboxState

GZIP_FROM_BYTES = 1_000
TRANSPORT = "sandbox.transport"  # scope key under which server.py leaves the connection, for resets


@dataclass(frozen=True)
class Call:
    """One request as an endpoint sees it. `base_url` has no trailing slash."""

    method: str
    path: str
    base_url: str
    path_params: Mapping[str, str]
    query: QueryParams
    headers: Headers
    body: bytes
    faults: tuple[Fault, ...] = ()

    @property
    def fault(self) -> Fault | None:
        """The gravest fault that is due at this call."""
        return self.faults[0] if self.faults else None

    def fault_of(self, kind: str) -> Fault | None:
        """The first due fault of a kind."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    def json(self) -> object:
        """The body as JSON; None if there is none or it is broken."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


@dataclass(frozen=True)
class Answer:
    """One reply, whole; the body is sent compressed when the client accepts that."""

    body: bytes = b""
    status: int = 200
    media_type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        """A JSON reply."""
        return cls(orjson.dumps(value), status, headers=headers or {})


Respond = Callable[[Call], Answer]
Refuse = Callable[[Call, Fault], Answer]
NameObject = Callable[[Call], str | None]


def endpoint(
    state: SandboxState,
    method: str,
    path: str,
    *,
    family: str,
    respond: Respond,
    refuse: Refuse,
    name_object: NameObject | None = None,
) -> Route:
    """A route whose calls are counted, and can fail, under `family` (`<crm>.<endpoint>`).

    `name_object` says which object a call is about, for faults of single objects.
    """
    served = _Endpoint(state, family, respond, refuse, name_object)
    return Route(path, served, methods=[method], name=f"{method} {path}")


class _Endpoint:
    def __init__(
        self, state: SandboxState, family: str, respond: Respond, refuse: Refuse, name_object: NameObject | None
    ) -> None:
        self._state = state
        self._family = family
        self._respond = respond
        self._refuse = refuse
        self._name_object = name_object

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read_call(scope, receive)
        named = self._name_object(call) if self._name_object is not None else None
        call = replace(call, faults=self._state.faults.draw_all(self._family, named))
        fault = call.fault
        request = self._state.stats.log(
            self._family, call.method, _target(call), call.body, fault.kind if fault else None
        )
        for due in call.faults:
            self._state.stats.count_fault(self._family, due.kind)
        if fault is not None:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            if fault.kind == "reset":
                self._state.stats.count(self._family, 0, 0, scope.get("client"))
                await _reset_connection(scope)
                return
        answer = await self._answer(call, fault)
        body, headers = _encode(call, answer, fault)
        is_cut = fault is not None and fault.kind == "truncate" and fault.cut == "connection"
        sent = body[: int(len(body) * fault.keep)] if fault is not None and is_cut else body
        self._state.stats.count(self._family, answer.status, len(sent), scope.get("client"))
        request.update(status=answer.status, bytes=len(sent))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": sent, "more_body": is_cut})
        if is_cut:
            await _close_connection(scope)

    async def _answer(self, call: Call, fault: Fault | None) -> Answer:
        if fault is not None and fault.kind in ("status", "refuse"):
            return self._refuse(call, fault)
        async with self._state.gate.reading():
            return await run_in_threadpool(self._respond, call)


def _target(call: Call) -> str:
    """Path and query, readable."""
    query = "&".join(f"{name}={value}" for name, value in call.query.multi_items())
    return f"{call.path}?{query}" if query else call.path


async def _read_call(scope: Scope, receive: Receive) -> Call:
    request = Request(scope, receive)
    return Call(
        method=request.method,
        path=request.url.path,
        base_url=str(request.base_url).rstrip("/"),
        path_params=dict(request.path_params),
        query=request.query_params,
        headers=request.headers,
        body=await request.body(),
    )


def _encode(call: Call, answer: Answer, fault: Fault | None) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    if fault is not None and fault.kind == "truncate" and fault.cut in ("body", "rows"):
        answer = replace(answer, body=_cut(answer.body, fault))
    body = answer.body
    headers = {"Content-Type": answer.media_type, **answer.headers} if body else dict(answer.headers)
    if len(body) >= GZIP_FROM_BYTES and "gzip" in call.headers.get("accept-encoding", ""):
        # level 1 and no stamp: fast, and the same bytes for the same answer
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
        if fault is not None and fault.kind == "truncate" and fault.cut == "gzip":
            body = _cut(body, fault)
    headers["Content-Length"] = str(len(body))
    return body, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _cut(body: bytes, fault: Fault) -> bytes:
    kept = body[: int(len(body) * fault.keep)]
    if fault.cut == "rows":
        return kept[: kept.rfind(b"\n") + 1]
    return kept


async def _close_connection(scope: Scope) -> None:
    scope[TRANSPORT].close()
    await asyncio.sleep(0.01)  # lets the server notice, or it would log an unfinished answer


async def _reset_connection(scope: Scope) -> None:
    transport = scope[TRANSPORT]
    connection = transport.get_extra_info("socket")
    # linger of zero seconds makes the kernel send RST instead of FIN
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0.01)
