"""A proxy before the sandbox that changes single answers, for what a portal does that no fault switch plays."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import requests


@dataclass
class Exchange:
    """One request, its path without the query, and the answer that is about to be sent."""

    path: str
    asked: dict[str, object]
    status: int
    body: bytes

    @property
    def asked_ids(self) -> list[str]:
        inputs = self.asked.get("inputs")
        return [str(entry["id"]) for entry in inputs] if isinstance(inputs, list) else []

    def answer(self, status: int, body: object) -> None:
        self.status, self.body = status, orjson.dumps(body)


@dataclass
class Proxy:
    """Its address, and every (path, asked ids) in order."""

    url: str
    seen: list[tuple[str, list[str]]] = field(default_factory=list)


@contextmanager
def meddle(upstream: str, change: Callable[[Exchange], None]) -> Iterator[Proxy]:
    """Pass everything on to `upstream`, and each answer through `change`."""
    proxy = Proxy("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            answer = requests.request(self.command, upstream + self.path, headers=kept, data=body, timeout=30)
            asked = orjson.loads(body) if body.startswith(b"{") else {}
            exchange = Exchange(self.path.split("?")[0], asked, answer.status_code, answer.content)
            change(exchange)
            proxy.seen.append((exchange.path, exchange.asked_ids))
            self.send_response_only(exchange.status)
            self.send_header("Content-Length", str(len(exchange.body)))
            for name in ("Content-Type", "Date"):
                self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(exchange.body)

        do_GET = do_POST = _pass_on  # noqa: N815  the names are the library's

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
