"""One connection to one portal: the official client's pool and address, our retries, pace and redaction."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode, urlsplit

import orjson

from connectors.errors import ConfigurationError, RejectedRequestError, UnexpectedReplyError
from connectors.hubspot.auth import Login, PrivateToken
from connectors.hubspot.limits import RESERVE, SEARCHES_PER_SECOND, Limits, new_pacing
from connectors.hubspot.mending import Mender
from connectors.hubspot.paths import VERSIONED, PathMap
from connectors.reply import Reply
from connectors.secret import Secret
from connectors.transport import Transport
from connectors.wire import pool_sender

_NO_SUCH_PATH = frozenset([404, 410])
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
        """The account's id; its time zone is kept for the daily limit."""
        details = self._read_account().json()
        if not isinstance(details, dict) or "portalId" not in details:
            raise UnexpectedReplyError(
                "HubSpot's account details name no portalId. Check that the host is HubSpot's API."
            )
        self._limits.time_zone = str(details.get("timeZone") or "") or None
        return str(details["portalId"])

    def _read_account(self) -> Reply:
        """The run's first call, which also shows whether HubSpot still, or already, knows the version of our paths."""
        try:
            return self.get("account", self.paths.account)
        except RejectedRequestError as error:
            if error.status not in _NO_SUCH_PATH:
                raise
            known, self.paths = self.paths, self.paths.other()
            try:
                reply = self.get("account", self.paths.account)
            except RejectedRequestError:
                self.paths = known
                raise error from None
            _log.warning(
                "HubSpot no longer knows version %s of its API; %s is used.", known.version, self.paths.version
            )
            return reply

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
        return self.transport.send("GET", self._url(path, query), family=family, headers=self._headers)

    def post(self, family: str, path: str, body: object, query: Mapping[str, str] | None = None) -> Reply:
        """POST of a reading request, so that repeating it is harmless; `body` is JSON already if it is bytes."""
        return self.transport.send(
            "POST",
            self._url(path, query),
            family=family,
            headers={**self._headers, "Content-Type": "application/json"},
            body=body if isinstance(body, bytes) else orjson.dumps(body),
        )

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        return self._host + address(path, query)

    def _exchange(self, form: Mapping[str, str]) -> Mapping[str, object]:
        """The answer of OAuth's token endpoint."""
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        paths = self.paths
        for last in (False, True):
            try:
                reply = self.transport.send(
                    "POST",
                    self._url(paths.token, None),
                    family="oauth",
                    headers=headers,
                    body=urlencode(form).encode(),
                    authorized=False,
                )
                return fields_of(reply)
            except RejectedRequestError as error:
                if last or error.status not in _NO_SUCH_PATH:
                    raise
                paths = paths.other()
        raise AssertionError("the second attempt returns or raises")

    def _check_token(self) -> None:
        self.transport.send(
            "GET",
            self._url(self.paths.account, None),
            family="account",
            headers={**self._headers, **self._token.headers()},
            authorized=False,
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
