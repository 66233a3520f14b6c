"""A proxy before a sandbox that keeps every byte which goes either way: the wire as a stranger would see it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

import requests


@dataclass
class Wire:
    """Address of the proxy, the requests (path with query, and body) and the bodies of the answers, in order."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def asked_for(self, text: str) -> list[str]:
        """Requests that name `text`, in any case."""
        return [request for request in self.asked if text.lower() in request.lower()]

    def shown(self, text: str) -> int:
        """How many answers hold `text`."""
        return sum(text in answer for answer in self.answered)

    def clear(self) -> None:
        """Forget what was seen."""
        self.asked.clear()
        self.answered.clear()


@contextmanager
def record(upstream: str) -> Iterator[Wire]:
    """Pass everything on to `upstream`, which is told the proxy's address as its own."""
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            answer = requests.request(
                self.command, upstream + self.path, headers=kept, data=body, timeout=60, allow_redirects=False
            )
            wire.asked.append(f"{self.command} {unquote_plus(self.path)} {unquote_plus(body.decode())}")
            wire.answered.append(answer.text)
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_DELETE = do_PATCH = _pass_on  # noqa: N815  the names are the library's

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


# what each side of the proxy says for itself
_OWN = frozenset(["content-length", "content-encoding", "transfer-encoding", "connection", "accept-encoding"])
