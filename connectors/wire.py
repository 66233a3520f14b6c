"""Sessions and pools that requests go through, and bodies read so that a cut one is never taken for a whole one."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

CHUNK = 1 << 18
POOL_SIZE = 16  # connections kept per host: more than any pace lets run at once

_LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two bytes of an answer, and for a whole answer."""

    connect: float = 10.0
    read: float = 120.0
    total: float = 1800.0


Sender = Callable[[str, str, Mapping[str, str], bytes | None, Timeouts], urllib3.BaseHTTPResponse]
"""(method, url, headers, body, time-outs) → the answer with its body unread, whatever its status is."""


def session_sender(session: requests.Session) -> Sender:
    """Requests through a requests session, such as simple-salesforce's."""

    def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeouts: Timeouts
    ) -> urllib3.BaseHTTPResponse:
        answer = session.request(
            method, url, headers=dict(headers), data=body, timeout=(timeouts.connect, timeouts.read), stream=True
        )
        raw: urllib3.BaseHTTPResponse = answer.raw
        return raw

    return send


def pool_sender(pool: urllib3.PoolManager) -> Sender:
    """Requests through a urllib3 pool, such as hubspot-api-client's `api.api_client.rest_client.pool_manager`.

    The client's own request method is left out: it offers no compression, serializes bodies itself and turns error
    answers into exceptions that print headers and body.
    """

    def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeouts: Timeouts
    ) -> urllib3.BaseHTTPResponse:
        return pool.request(
            method,
            url,
            headers=dict(headers),
            body=body,
            timeout=urllib3.Timeout(connect=timeouts.connect, read=timeouts.read),
            retries=False,
            preload_content=False,
            decode_content=False,
        )

    return send


def new_session(timeouts: Timeouts | None = None, *, pool_size: int = POOL_SIZE) -> requests.Session:
    """A session with a pool, a time-out on every request (a library's login calls give none), and no .netrc."""
    session = requests.Session()
    # requests reads a user's .netrc for hosts it knows, and would overwrite our token with what is there
    session.auth = _keep_headers
    adapter = TimeoutAdapter(timeouts or Timeouts(), pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class TimeoutAdapter(HTTPAdapter):
    """A pooled adapter that gives a time-out to requests without one, and never retries by itself."""

    def __init__(self, timeouts: Timeouts, pool_size: int) -> None:
        self._timeouts = timeouts
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0, pool_block=False)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: "float | tuple[float, float] | tuple[float, None] | None" = None,
        verify: bool | str = True,
        cert: "bytes | str | tuple[bytes | str, bytes | str] | None" = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, with `timeout` or else the adapter's own."""
        used = timeout or (self._timeouts.connect, self._timeouts.read)
        return super().send(request, stream, used, verify, cert, proxies)


class LoopbackAdapter(TimeoutAdapter):
    """Sends https requests for this very machine as http: simple-salesforce can speak nothing but https.

    Mount it on the session for one loopback address, as `session.mount("https://127.0.0.1:8080", …)`.
    """

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: "float | tuple[float, float] | tuple[float, None] | None" = None,
        verify: bool | str = True,
        cert: "bytes | str | tuple[bytes | str, bytes | str] | None" = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send unencrypted, if the host is this machine.

        Raises:
            requests.exceptions.InvalidURL: it is not.
        """
        parts = urlsplit(request.url or "")
        if parts.hostname not in _LOOPBACK:
            raise requests.exceptions.InvalidURL("Only loopback addresses may be reached without encryption.")
        request.url = urlunsplit(parts._replace(scheme="http"))
        return super().send(request, stream, timeout, verify, cert, proxies)


def read_body(
    answer: urllib3.BaseHTTPResponse, headers: Mapping[str, str], timeouts: Timeouts, spool: Path | None
) -> tuple[bytes, int]:
    """The whole body, decompressed, and its size; with `spool` the bytes go there and b"" is returned.

    Raises:
        urllib3.exceptions.HTTPError: the body is shorter than announced, its gzip has no end or is broken, or it took
            longer than the total time-out.
    """
    chunks = _decompressed(_received(answer, timeouts), headers.get("Content-Encoding", ""))
    try:
        if spool is None:
            body = b"".join(chunks)
            return body, len(body)
        size = 0
        with spool.open("wb") as file:
            for chunk in chunks:
                size += file.write(chunk)
        return b"", size
    except BaseException:
        answer.close()  # what is left of the answer must not be read as the next one's
        raise
    finally:
        answer.release_conn()


def _received(answer: urllib3.BaseHTTPResponse, timeouts: Timeouts) -> Iterator[bytes]:
    """Bytes as they came; urllib3 itself checks Content-Length and the end of chunked bodies."""
    deadline = monotonic() + timeouts.total
    for chunk in answer.stream(CHUNK, decode_content=False):
        yield chunk
        if monotonic() > deadline:
            raise urllib3.exceptions.TimeoutError(f"the answer took longer than {timeouts.total:g} s")


def _decompressed(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Bodies without, or with gzip, encoding; urllib3's own decoder takes a cut gzip for a whole one."""
    if encoding.lower() in ("", "identity"):
        yield from chunks
        return
    if encoding.lower() not in ("gzip", "x-gzip"):
        raise urllib3.exceptions.DecodeError(f"encoding {encoding[:20]} was not asked for")
    decoder = zlib.decompressobj(wbits=31)
    started = False
    for chunk in chunks:
        rest = chunk
        while rest:
            if decoder.eof:  # gzip allows several members in a row
                decoder = zlib.decompressobj(wbits=31)
            started = True
            try:
                yield decoder.decompress(rest)
            except zlib.error as error:
                raise urllib3.exceptions.DecodeError("broken gzip") from error
            rest = decoder.unused_data
    if started and not decoder.eof:
        raise urllib3.exceptions.DecodeError("gzip without an end")


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
