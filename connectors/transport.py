"""The only module that sends a request: pool, gzip, time-outs, retries, one login renewal, redaction.

```
send ─► pacing.turn ─► Sender (a requests session, or an official client's pool) ─► body read and checked ─► Reply
  ▲                                                                                        │
  └──── wait with full jitter ◄── TransientError ◄── 408, 429, 5xx, reset, time-out, cut ◄─┘
```
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

import orjson
import requests
import tenacity
import urllib3
from requests.structures import CaseInsensitiveDict

from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    CrmError,
    CrowdedError,
    PausedError,
    RejectedRequestError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.pacing import Pacing
from connectors.reply import Refusal, Reply, ends_of, error_code, http_date, retry_after_seconds
from connectors.wire import Sender, Timeouts, read_body

RETRIES = 5
LONGEST_WAIT_SECONDS = 300.0  # a CRM that asks for more is one to come back to later
FIRST_WAIT_SECONDS = 0.5

Expectation = Literal["json", "page", "bytes"]
"""What a good body is: `json` is parsed at once; `page` must end like JSON (for bytes that DuckDB reads); `bytes`."""

_UNUSABLE_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)
# the built-in pair, not OSError: a full disk under a spool file is no reason to ask the CRM again
_CUT_OFF = (urllib3.exceptions.HTTPError, requests.RequestException, ConnectionError, TimeoutError)

_log = logging.getLogger(__name__)


class Authorization(Protocol):
    """The token, and the way to a new one. `renew` is called by one thread at a time."""

    def headers(self) -> Mapping[str, str]:
        """Headers that carry the token as it is now."""

    def renew(self) -> None:
        """Get a new token.

        Raises:
            AuthenticationError: the CRM refuses; a person must act.
        """


Classify = Callable[[Refusal], CrmError | None]
"""A CRM's reading of a refusal; None leaves it to HTTP's meaning. A TransientError is retried."""


class Transport:
    """Sends requests for one connection; safe to use from several threads.

    `crm` is the name that messages carry. `on_reply` sees status and headers of every answer (limit meters). `mend`
    is tried on a JSON answer that cannot be read, and leaves a good one as it is.
    """

    def __init__(
        self,
        sender: Sender,
        *,
        crm: str,
        pacing: Pacing | None = None,
        authorization: Authorization | None = None,
        classify: Classify | None = None,
        on_reply: Callable[[str, int, Mapping[str, str]], None] | None = None,
        timeouts: Timeouts | None = None,
        mend: Callable[[bytes], bytes] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.crm = crm
        self._mend = mend
        self.pacing = pacing or Pacing(sleep=sleep)
        self._sender = sender
        self._authorization = authorization
        self._classify = classify
        self._on_reply = on_reply
        self._timeouts = timeouts or Timeouts()
        self._sleep = sleep
        self._lock = threading.Lock()
        self._login_lock = threading.Lock()
        self._token_generation = 0
        self._server_clock: datetime | None = None
        self._bytes_received = 0

    @property
    def calls(self) -> Counter[str]:
        """Requests sent by API family, each retry counted."""
        return self.pacing.calls

    @property
    def bytes_received(self) -> int:
        """Body bytes of all answers, after decompression."""
        return self._bytes_received

    @property
    def server_clock(self) -> datetime | None:
        """The Date header of the last answer, UTC; None before the first. The only clock that windows are made of."""
        return self._server_clock

    def send(
        self,
        method: str,
        url: str,
        *,
        family: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        expect: Expectation = "json",
        spool: Path | None = None,
        authorized: bool = True,
    ) -> Reply:
        """Send one request, again up to five times where that can help, and return the whole answer.

        `family` is what the call is counted and paced as. `body` goes out as it is if it is bytes, else as JSON.
        `spool` takes a big answer to a file. `authorized=False` is for the login itself.

        Raises:
            TransientError: six attempts did not get through.
            PausedError: the CRM asks to wait longer than five minutes, or a budget is spent.
            RejectedRequestError: any other 4xx; `status`, `code` and `detail` say which.
            AuthenticationError: 401 again with a new token, or no new token to be had.
            UnexpectedReplyError: the answer is no JSON where JSON must be.
        """
        sent_headers = {"Accept-Encoding": "gzip", **(headers or {})}
        content = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        if content is not body:
            sent_headers.setdefault("Content-Type", "application/json")
        call = _Call(method.upper(), url, family, sent_headers, content, expect, spool, authorized)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(RETRIES + 1),
            wait=_wait_time,
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, TransientError) and _may_retry(error)),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._send_authorized, call)

    def _send_authorized(self, call: "_Call") -> Reply:
        generation = self._token_generation
        result = self._attempt(call)
        if isinstance(result, Refusal) and call.authorized and self._is_expired_token(result):
            self._renew(generation, call)
            result = self._attempt(call)
            if isinstance(result, Refusal) and self._is_expired_token(result):
                raise AuthenticationError(
                    f"{self.crm} refused {call} with a token it had just issued (HTTP 401). "
                    "Check that the integration user may use the API and that its session is not restricted by address."
                )
        if isinstance(result, Refusal):
            raise self._as_error(call, result)
        return result

    def _is_expired_token(self, refusal: Refusal) -> bool:
        if refusal.status == 401:
            return True
        return self._classify is not None and isinstance(self._classify(refusal), AuthenticationError)

    def _renew(self, generation: int, call: "_Call") -> None:
        """One login per token generation: threads that met the same dead token wait for the first one's new one."""
        if self._authorization is None:
            raise AuthenticationError(f"{self.crm} refused {call} (HTTP 401). Check the token in the settings.")
        with self._login_lock:
            if self._token_generation == generation:
                self._authorization.renew()
                self._token_generation += 1

    def _attempt(self, call: "_Call") -> Reply | Refusal:
        headers = dict(call.headers)
        if call.authorized and self._authorization is not None:
            headers.update(self._authorization.headers())
        started = time.monotonic()
        with self.pacing.turn(call.family):
            try:
                answer = self._sender(call.method, call.url, headers, call.body, self._timeouts)
                status, answer_headers = answer.status, CaseInsensitiveDict(answer.headers)
                self._note(call, status, answer_headers)
                spool = call.spool if 200 <= status < 300 else None
                body, size = read_body(answer, answer_headers, self._timeouts, spool)
            except _UNUSABLE_ADDRESS as error:
                raise ConfigurationError(f"{call.url.split('?')[0]} is no address for {self.crm}.") from error
            except _CUT_OFF as error:
                raise TransientError(f"{self.crm} did not answer {call} in full ({type(error).__name__}).") from error
        with self._lock:
            self._bytes_received += size
        _log.debug("%s %s: HTTP %d, %d bytes, %.3f s", self.crm, call, status, size, time.monotonic() - started)
        if not 200 <= status < 300:
            return Refusal(call.method, call.path, status, answer_headers, body)
        return self._checked(call, Reply(status, answer_headers, body, spool, size))

    def _note(self, call: "_Call", status: int, headers: Mapping[str, str]) -> None:
        moment = http_date(headers.get("Date"))
        if moment is not None:
            self._server_clock = moment
        if status == 429:
            self.pacing.refused(call.family)
        if self._on_reply is not None:
            self._on_reply(call.family, status, headers)

    def _checked(self, call: "_Call", reply: Reply) -> Reply:
        """A body that ends too early is an accident of the way; one that never was JSON is not."""
        if call.expect == "bytes" or not reply.size:
            return reply
        first, last = ends_of(reply)
        if first not in (b"{", b"["):
            raise UnexpectedReplyError(
                f"{self.crm} answered {call} with something else than JSON. Check that the address is the API's and "
                "that no proxy or login page stands before it."
            )
        if last not in (b"}", b"]"):
            raise TransientError(f"{self.crm} sent JSON without an end as answer to {call}.")
        if call.expect == "json" and reply.file is None:
            try:
                return replace(reply, parsed=orjson.loads(reply.body))
            except orjson.JSONDecodeError as error:
                return self._mended(call, reply, error)
        return reply

    def _mended(self, call: "_Call", reply: Reply, error: orjson.JSONDecodeError) -> Reply:
        """JSON that is broken only by text that is none, with that text replaced; nothing else can be mended."""
        if self._mend is not None:
            body = self._mend(reply.body)
            try:
                return replace(reply, body=body, parsed=orjson.loads(body))
            except orjson.JSONDecodeError:
                pass
        raise TransientError(f"{self.crm} sent broken JSON as answer to {call}.") from error

    def _as_error(self, call: "_Call", refusal: Refusal) -> CrmError:
        if self._classify is not None:
            error = self._classify(refusal)
            if isinstance(error, CrowdedError):
                self.pacing.crowded(call.family)
            if error is not None:
                return error
        status, retry_after = refusal.status, retry_after_seconds(refusal.headers, self._server_clock)
        if status in (408, 429) or status >= 500:
            if retry_after is not None and retry_after > LONGEST_WAIT_SECONDS:
                return PausedError(
                    f"{self.crm} asks to wait {retry_after:.0f} s before {call} (HTTP {status}). Run again after that.",
                    resume_at=self._server_clock and self._server_clock + timedelta(seconds=retry_after),
                )
            return TransientError(f"{self.crm} could not serve {call} (HTTP {status}).", retry_after=retry_after)
        code, detail = error_code(refusal.json())
        if status == 401:
            return AuthenticationError(f"{self.crm} refused the login {call} (HTTP 401{code and ', ' + code}).")
        return RejectedRequestError(
            f"{self.crm} rejected {call} (HTTP {status}{code and ', ' + code}).",
            status=status,
            code=code,
            detail=detail,
        )


@dataclass(frozen=True)
class _Call:
    """A request as it is sent again and again. Shown as method and path: queries and headers may hold secrets."""

    method: str
    url: str
    family: str
    headers: Mapping[str, str]
    body: bytes | None
    expect: Expectation
    spool: Path | None
    authorized: bool

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    __repr__ = __str__


def _may_retry(error: TransientError) -> bool:
    return not isinstance(error, PausedError)


def _wait_time(state: tenacity.RetryCallState) -> float:
    """Full jitter over an exponential, but never earlier than the CRM asked for."""
    error = state.outcome.exception() if state.outcome else None
    wait: float = tenacity.wait_random_exponential(multiplier=FIRST_WAIT_SECONDS, max=60)(state)
    retry_after = error.retry_after if isinstance(error, TransientError) else None
    return wait if retry_after is None else retry_after + min(wait, 1.0)
