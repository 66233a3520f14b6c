"""One connection to one portal: the official client's pool and address, our retries, pace and redaction."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock, RLock
from urllib.parse import urlencode, urlsplit

import orjson

from connectors.errors import (
    ConfigurationError,
    PausedError,
    RejectedRequestError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.hubspot.auth import Login, PrivateToken
from connectors.hubspot.limits import RESERVE, SEARCHES_PER_SECOND, Limits, new_pacing
from connectors.hubspot.mending import Mender
from connectors.hubspot.paths import VERSIONED, Address, PathMap
from connectors.reply import Reply
from connectors.secret import Secret
from connectors.transport import Transport
from connectors.wire import pool_sender

USAGE = "usage"  # the family of the meter's own calls

_NO_SUCH_PATH = frozenset([404, 410])
_ABOUT_THE_ACCOUNT = frozenset(["account", USAGE])  # the portal's time zone is to be known before the meter is read
_LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])

_log = logging.getLogger(__name__)


class Client:
    """Sends HubSpot's requests, each counted under a family: account, list, search, batch_read, associations, …"""

    def __init__(
        self,
        transport: Transport,
        limits: Limits,
        token: Login,
        paths: PathMap,
        *,
        host: str,
        agent: str,
        mender: Mender,
        close: Callable[[], None],
    ) -> None:
        self.transport = transport
        self.close = close
        self.mender = mender
        self.paths = paths
        self._limits = limits
        self._host = host.rstrip("/")
        self._token = token
        self._headers = {"User-Agent": agent}
        self._answered: set[str] = set()  # areas whose paths were good in this run
        self._moved: set[str] = set()  # areas that HubSpot has in the other version
        self._lock, self._metering = Lock(), Lock()
        self._locks: dict[str, RLock] = {}
        token.check = self._check_token
        token.exchange = self._exchange
        limits.advice = token.advice

    @property
    def limits(self) -> Limits:
        """What HubSpot says of its limits."""
        return self._limits

    @property
    def calls(self) -> Counter[str]:
        """Requests so far by family, each retry counted."""
        return self.transport.calls

    def read_portal_id(self) -> str:
        """The account's id; its time zone is kept for the daily limit. A run begins with this question."""
        self._answered.clear()
        self._limits.has_meter = True
        details = self.get("account", self.paths.account).json()
        if not isinstance(details, dict) or "portalId" not in details:
            raise UnexpectedReplyError(
                "HubSpot's account details name no portalId. Check that the host is HubSpot's API."
            )
        self._limits.time_zone = str(details.get("timeZone") or "") or None
        return str(details["portalId"])

    def read_clock(self) -> datetime:
        """The time of the last answer, or of a new one if there was none."""
        if self.transport.server_clock is None:
            self.get("account", self.paths.account)
        clock = self.transport.server_clock
        if clock is None:
            raise UnexpectedReplyError("HubSpot's answers carry no Date header. Check which proxy takes it away.")
        return clock

    def get(self, family: str, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """GET; the answer is whole JSON."""
        self._read_meter(family)
        return self._send_to(
            path,
            lambda there: self.transport.send("GET", self._url(there, query), family=family, headers=self._headers),
        )

    def post(self, family: str, path: str, body: object, query: Mapping[str, str] | None = None) -> Reply:
        """POST of a reading request, so that repeating it is harmless; `body` is JSON already if it is bytes."""
        self._read_meter(family)
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {**self._headers, "Content-Type": "application/json"}
        return self._send_to(
            path,
            lambda there: self.transport.send(
                "POST", self._url(there, query), family=family, headers=headers, body=content
            ),
        )

    def _send_to(self, path: str, send: Callable[[str], Reply]) -> Reply:
        """Send to `path`, or to where HubSpot has the same endpoint in the other version of its API.

        An area that has answered in this run is where we look for it, and its 404 is about what was asked for. Before
        that a 404 may be about the path: then the other version is asked, and used from there on if it knows the path.
        """
        if not isinstance(path, Address):
            return send(path)
        if path.area not in self._answered:
            with self._lock_of(path.area):  # whoever comes meanwhile waits to be told where the area is
                if path.area not in self._answered:
                    return self._find(path, send)
        return send(self._place_of(path))

    def _find(self, path: Address, send: Callable[[str], Reply]) -> Reply:
        place = self._place_of(path)
        try:
            reply = send(place)
        except RejectedRequestError as error:
            if error.status not in _NO_SUCH_PATH:
                raise
            refused = error
        else:
            self._answered.add(path.area)
            return reply
        try:
            reply = send(path.twin if place == path else str(path))
        except RejectedRequestError as error:
            if error.status in _NO_SUCH_PATH:
                raise refused from None
            self._move(path.area)  # what is refused for another reason is there
            raise
        self._move(path.area)
        return reply

    def _place_of(self, path: Address) -> str:
        """Where HubSpot has it, as far as that is known."""
        return path.twin if path.area in self._moved else str(path)

    def _lock_of(self, area: str) -> RLock:
        with self._lock:
            return self._locks.setdefault(area, RLock())

    def _move(self, area: str) -> None:
        """Look for an area in the other version from now on, and for all of them if the account's details are there."""
        self._answered.add(area)
        if area == self.paths.account.area:
            gone, self.paths = self.paths.version, self.paths.other()
            # what was elsewhere before stays where it was found
            self._moved = {known for known in self._answered - {area} if known not in self._moved}
            _log.warning("HubSpot no longer knows version %s of its API; %s is used.", gone, self.paths.version)
            return
        self._moved ^= {area}
        _log.warning("HubSpot has %s under another version of its API than %s.", area, self.paths.version)

    def _read_meter(self, family: str) -> None:
        """Ask what is used of the day's calls, where the answers have not told it for a while: others use them, too."""
        if not self._limits.is_meter_due or family in _ABOUT_THE_ACCOUNT or not isinstance(self._token, PrivateToken):
            return
        if not self._metering.acquire(blocking=False):
            return  # another thread is asking
        try:
            address = self.paths.usage
            reply = self._send_to(
                address,
                lambda there: self.transport.send("GET", self._url(there, None), family=USAGE, headers=self._headers),
            )
            self._limits.note_usage(fields_of(reply))
        except PausedError:
            raise
        except (RejectedRequestError, TransientError, UnexpectedReplyError):
            self._limits.has_meter = False  # the reserve then rests on our own count alone
        finally:
            self._metering.release()

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        return self._host + address(path, query)

    def _exchange(self, form: Mapping[str, str]) -> Mapping[str, object]:
        """The answer of OAuth's token endpoint."""
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        return fields_of(
            self._send_to(
                self.paths.token,
                lambda there: self.transport.send(
                    "POST",
                    self._url(there, None),
                    family="oauth",
                    headers=headers,
                    body=urlencode(form).encode(),
                    authorized=False,
                ),
            )
        )

    def _check_token(self) -> None:
        headers = {**self._headers, **self._token.headers()}
        self._send_to(
            self.paths.account,
            lambda there: self.transport.send(
                "GET", self._url(there, None), family="account", headers=headers, authorized=False
            ),
        )


def address(path: str, query: Mapping[str, str] | None) -> str:
    """Path and query as they are sent: what HubSpot's limit on addresses counts."""
    return f"{path}?{urlencode(query, safe=',')}" if query else path


def fields_of(reply: Reply) -> dict[str, object]:
    """The answer's top-level fields.

    Raises:
        UnexpectedReplyError: it is no JSON object.
    """
    body = reply.json()
    if not isinstance(body, dict):
        raise UnexpectedReplyError("HubSpot answered with JSON that is no object; nothing of it was used.")
    return body


def results_of(fields: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """The answer's `results`.

    Raises:
        UnexpectedReplyError: there are none.
    """
    results = fields.get("results")
    if not isinstance(results, list):
        raise UnexpectedReplyError("HubSpot answered without a list of results; nothing of it was used.")
    return results


def open_client(
    access_token: Secret | None = None,
    *,
    login: Login | None = None,
    host: str | None = None,
    api_budget: int | None = None,
    searches_per_second: float | None = None,
    api_version: str = VERSIONED,
    reserve: float = RESERVE,
    sleep: Callable[[float], None] = time.sleep,
) -> Client:
    """A client for the portal that `access_token`, or else `login`, belongs to; nothing is sent yet.

    `host` replaces HubSpot's own address, `api_version` is `v3` or a date such as `2026-03`. `searches_per_second` is
    HubSpot's limit unless given, and no limit for a server on this very machine, which has none unless it says so.
    """
    # half a second of imports that only a run needs
    from hubspot import HubSpot

    if login is None:
        if not access_token:
            raise ConfigurationError("HUBSPOT_ACCESS_TOKEN is not set. Put it in .env, or log in with an OAuth app.")
        login = PrivateToken(access_token)
    settings = {"host": host} if host else {}
    # each access of `basic_api` makes a pool of its own, so one is held
    api_client = HubSpot(**settings).crm.objects.basic_api.api_client
    # the library's own copy is not needed: the token goes out by our headers alone
    api_client.configuration.access_token = None
    address_used = str(api_client.configuration.host)
    if searches_per_second is None and urlsplit(address_used).hostname not in _LOOPBACK:
        searches_per_second = SEARCHES_PER_SECOND
    pacing = new_pacing(run_cap=api_budget, searches_per_second=searches_per_second, reserve=reserve, sleep=sleep)
    limits, mender = Limits(pacing), Mender()
    pool = api_client.rest_client.pool_manager
    transport = Transport(
        pool_sender(pool),
        crm="HubSpot",
        pacing=pacing,
        authorization=login,
        classify=limits.classify,
        on_reply=limits.note,
        mend=mender.mend,
        sleep=sleep,
    )
    agent = str(api_client.user_agent)
    return Client(
        transport, limits, login, PathMap(api_version), host=address_used, agent=agent, mender=mender, close=pool.clear
    )
