"""What all logins share: the address they may go to, one token at a time, and refusals as sentences."""

import re
import threading
import warnings
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import tenacity

from connectors.errors import AuthenticationError, ConfigurationError, TransientError, UnexpectedReplyError
from connectors.secret import Secret
from connectors.wire import Timeouts, new_session

ATTEMPTS = 6  # at the first login, as at any request

_LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])
# these two hosts know no client credentials: that grant is My Domain's alone
GENERIC_HOSTS = frozenset(["login.salesforce.com", "test.salesforce.com"])
_CODE = re.compile(r"[A-Za-z_]{1,40}")
_ADVICE = {
    "invalid_client_id": "Check SALESFORCE_CLIENT_ID: it is the app's consumer key.",
    "invalid_client": "Check SALESFORCE_CLIENT_SECRET, and that it was not rotated in the app.",
    "unsupported_grant_type": "Enable this flow in the external client app.",
}


class SalesforceLogin(Protocol):
    """A way to a session: what the transport asks of it, and where the session is to be used."""

    @property
    def instance_url(self) -> str:
        """Scheme and host of the org, without a slash at the end."""

    @property
    def logins(self) -> int:
        """Requests for a token so far."""

    @property
    def warning(self) -> str:
        """What a person should know about this way of logging in; "" if nothing."""

    def headers(self) -> Mapping[str, str]:
        """Headers that carry the token; the first call logs in."""

    def renew(self) -> None:
        """Log in again."""

    def close(self) -> None:
        """Close the connections used for logging in."""


class TokenLogin:
    """A session token that one grant gives; a subclass says in `_request` how it is asked for.

    Raises:
        ConfigurationError: the address cannot be used; nothing was sent.
    """

    advice: Mapping[str, str] = {}
    """What to do about OAuth's error codes, where this grant knows more than all of them."""

    def __init__(self, login_url: str, *, may_be_generic: bool, timeouts: Timeouts | None = None) -> None:
        self._login_url = checked_login_url(login_url, may_be_generic=may_be_generic)
        self._session = open_session(self._login_url, timeouts)
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._instance_url = ""
        self._logins = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._login_url!r})"

    @property
    def instance_url(self) -> str:
        """Scheme and host that the token is for."""
        self._log_in_once()
        return self._instance_url

    @property
    def logins(self) -> int:
        """Requests for a token so far."""
        return self._logins

    @property
    def warning(self) -> str:
        """Nothing, of most grants."""
        return ""

    def headers(self) -> Mapping[str, str]:
        """The bearer token; the first call logs in."""
        token = self._log_in_once()
        return {"Authorization": f"Bearer {token.reveal()}"}

    def renew(self) -> None:
        """Log in again, and use the new token from now on.

        Raises:
            AuthenticationError: Salesforce refuses; a person must act.
            TransientError: Salesforce could not be reached.
        """
        with self._lock:
            self._log_in()

    def close(self) -> None:
        """Close the connections used for logging in."""
        self._session.close()

    def _log_in_once(self) -> Secret:
        with self._lock:
            if self._token is not None:
                return self._token
            # the address of every request depends on this answer; renewals are retried with the request they are for
            retrying = tenacity.Retrying(
                stop=tenacity.stop_after_attempt(ATTEMPTS),
                wait=tenacity.wait_random_exponential(multiplier=0.5, max=60),
                retry=tenacity.retry_if_exception_type(TransientError),
                reraise=True,
            )
            return retrying(self._log_in)

    def _log_in(self) -> Secret:
        token, host = self._request()
        self._token = Secret(token)
        self._instance_url = f"{urlsplit(self._login_url).scheme}://{host}".rstrip("/")
        return self._token

    def _request(self) -> tuple[str, str]:
        """Ask for a token: it, and the host that it is for."""
        raise NotImplementedError

    def _log_in_by_library(self, form: dict[str, str], headers: dict[str, str] | None = None) -> tuple[str, str]:
        # the library takes half a second to import; whoever only wants the list of objects is spared it
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed
        from simple_salesforce.login import token_login

        address = f"{self._login_url}/services/oauth2/token"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the library prints its advice with the client id in it
                token, host = token_login(address, form, "", "", headers, None, self._session)
        except SalesforceAuthenticationFailed as refusal:
            # without the cause: its text may be the whole answer
            raise self._refused(str(refusal.code)) from None
        except requests.RequestException as error:
            raise self._unreached(error) from None
        return str(token), str(host)

    def _unreached(self, error: requests.RequestException) -> TransientError:
        return TransientError(f"Salesforce did not answer the login at {self._login_url} ({type(error).__name__}).")

    def _refused(self, code: str) -> AuthenticationError:
        shown = code if _CODE.fullmatch(code) else "no code"
        advice = {**_ADVICE, **self.advice}.get(shown, "Check the external client app and SALESFORCE_LOGIN_URL.")
        return AuthenticationError(f"Salesforce refused the login at {self._login_url} ({shown}). {advice}")


def checked_login_url(login_url: str, *, may_be_generic: bool = False) -> str:
    """Scheme and host of the login address, if credentials may be sent there.

    `may_be_generic` lets login.salesforce.com and test.salesforce.com through.

    Raises:
        ConfigurationError: it is no address, not encrypted, or one that does not know the grant.
    """
    parts = urlsplit(login_url.strip())
    host = parts.hostname or ""
    is_local = is_loopback(login_url)
    if not host or parts.username or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_local):
        raise ConfigurationError(
            f"SALESFORCE_LOGIN_URL must be an https address such as https://example.my.salesforce.com; "
            f"{host or login_url!r} is none."
        )
    if host in GENERIC_HOSTS and not may_be_generic:
        raise ConfigurationError(
            f"SALESFORCE_LOGIN_URL is {host}, which knows no client credentials. Use the org's My Domain "
            "(Setup > My Domain), such as https://example.my.salesforce.com."
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(address: str) -> bool:
    """Whether an address is this very machine."""
    return urlsplit(address.strip()).hostname in _LOOPBACK


def open_session(login_url: str, timeouts: Timeouts | None = None) -> requests.Session:
    """A session for requests to an org: with time-outs, and without a proxy on the way to this very machine."""
    session = new_session(timeouts)
    session.trust_env = not is_loopback(login_url)
    return session


def check_token_reply(reply: requests.Response, *_: Any, **__: Any) -> None:
    """The library takes any answer for a refusal or a token; an outage is neither, and a list makes it stumble."""
    check_outage(reply)
    try:
        body = reply.json()
    except requests.exceptions.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        if reply.status_code == requests.codes.ok:
            raise UnexpectedReplyError(
                "Salesforce answered the login with something else than a token. Check that SALESFORCE_LOGIN_URL is "
                "the org's My Domain and that no proxy stands before it."
            )
        raise AuthenticationError(
            f"Salesforce refused the login (HTTP {reply.status_code}). Check SALESFORCE_LOGIN_URL."
        )
    if reply.status_code == requests.codes.ok and not (body.get("access_token") and body.get("instance_url")):
        raise UnexpectedReplyError("Salesforce answered the login without a token or without the org's address.")


def check_outage(reply: requests.Response) -> None:
    """An answer that says "not now" is no refusal."""
    if reply.status_code in (408, 429) or reply.status_code >= 500:
        raise TransientError(f"Salesforce could not serve the login (HTTP {reply.status_code}).")
