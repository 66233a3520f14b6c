"""A loopback HTTP server that answers what a test tells it to, byte for byte."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """One answer; `cut` sends only so many bytes of the body, `reset` closes before any."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False


@dataclass
class Wire:
    """The running server: its address and what it was asked, in order."""

    url: str
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def serve(answer: Callable[[int, dict[str, str]], Answer]) -> Iterator[Wire]:
    """Serve `answer(number of the request from 0, its headers)` until the block ends."""
    wire = Wire("")
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                number = len(wire.requests)
                wire.requests.append((self.command, self.path, dict(self.headers), body))
            told = answer(number, dict(self.headers))
            if told.reset:
                self.close_connection = True
                return
            self.send_response_only(told.status)
            headers = {"Content-Length": str(len(told.body)), "Content-Type": "application/json", **told.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body[: told.cut])
            self.close_connection = told.cut is not None

        do_GET = do_POST = _serve  # noqa: N815  the names are the library's

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    wire.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
