"""Logins: OAuth client credentials by simple-salesforce, at any address it can be asked at."""

import base64
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
# these two hosts know no client credentials: the grant is My Domain's alone
_GENERIC_HOSTS = frozenset(["login.salesforce.com", "test.salesforce.com"])
_CODE = re.compile(r"[A-Za-z_]{1,40}")
_ADVICE = {
    "invalid_client_id": "Check SALESFORCE_CLIENT_ID: it is the app's consumer key.",
    "invalid_client": "Check SALESFORCE_CLIENT_SECRET, and that it was not rotated in the app.",
    "invalid_grant": "Enable the client credentials flow in the external client app, and name its run-as user.",
    "unsupported_grant_type": "Enable the client credentials flow in the external client app.",
}


class SalesforceLogin(Protocol):
    """A way to a session: what the transport asks of it, and where the session is to be used."""

    @property
    def instance_url(self) -> str:
        """Scheme and host of the org, without a slash at the end."""

    @property
    def logins(self) -> int:
        """Requests for a token so far."""

    def headers(self) -> Mapping[str, str]:
        """Headers that carry the token; the first call logs in."""

    def renew(self) -> None:
        """Log in again."""

    def close(self) -> None:
        """Close the connections used for logging in."""


class ClientCredentials:
    """The OAuth 2.0 client credentials grant of an external client app.

    `login_url` is the org's My Domain; http is allowed on this very machine only.

    Raises:
        ConfigurationError: the address or a credential cannot be used; nothing was sent.
    """

    def __init__(
        self, login_url: str, client_id: str, client_secret: Secret, *, timeouts: Timeouts | None = None
    ) -> None:
        self._login_url = checked_login_url(login_url)
        if not client_id or not client_secret:
            raise ConfigurationError(
                "SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET must both be set. Put them in .env."
            )
        self._client_id = client_id
        self._client_secret = client_secret
        self._session = open_session(self._login_url, timeouts)
        self._session.hooks["response"].append(_check_token_reply)
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._instance_url = ""
        self._logins = 0

    def __repr__(self) -> str:
        return f"ClientCredentials({self._login_url!r})"

    @property
    def instance_url(self) -> str:
        """Scheme and host that the token is for."""
        self._log_in_once()
        return self._instance_url

    @property
    def logins(self) -> int:
        """Requests for a token so far."""
        return self._logins

    def headers(self) -> Mapping[str, str]:
        """The bearer token; the first call logs in."""
        token = self._log_in_once()
        return {"Authorization": f"Bearer {token.reveal()}"}

    def renew(self) -> None:
        """Log in again, and use the new token from now on.

        Raises:
            AuthenticationError: Salesforce refuses the app; a person must act.
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
        # the library takes half a second to import; whoever only wants the list of objects is spared it
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed
        from simple_salesforce.login import token_login

        self._logins += 1
        pair = f"{self._client_id}:{self._client_secret.reveal()}".encode()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the library prints its advice with the client id in it
                token, host = token_login(
                    f"{self._login_url}/services/oauth2/token",
                    {"grant_type": "client_credentials"},
                    "",
                    self._client_id,
                    {"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
                    None,
                    self._session,
                )
        except SalesforceAuthenticationFailed as refusal:
            # without the cause: its text may be the whole answer
            raise AuthenticationError(_refused(self._login_url, str(refusal.code))) from None
        except requests.RequestException as error:
            raise TransientError(
                f"Salesforce did not answer the login at {self._login_url} ({type(error).__name__})."
            ) from None
        self._token = Secret(str(token))
        self._instance_url = f"{urlsplit(self._login_url).scheme}://{host}".rstrip("/")
        return self._token


def checked_login_url(login_url: str) -> str:
    """Scheme and host of the login address, if credentials may be sent there.

    Raises:
        ConfigurationError: it is no address, not encrypted, or one that knows no client credentials.
    """
    parts = urlsplit(login_url.strip())
    host = parts.hostname or ""
    is_local = host in _LOOPBACK
    if not host or parts.username or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_local):
        raise ConfigurationError(
            f"SALESFORCE_LOGIN_URL must be an https address such as https://example.my.salesforce.com; "
            f"{host or login_url!r} is none."
        )
    if host in _GENERIC_HOSTS:
        raise ConfigurationError(
            f"SALESFORCE_LOGIN_URL is {host}, which knows no client credentials. Use the org's My Domain "
            "(Setup > My Domain), such as https://example.my.salesforce.com."
        )
    return f"{parts.scheme}://{parts.netloc}"


def open_session(login_url: str, timeouts: Timeouts | None = None) -> requests.Session:
    """A session for requests to an org: with time-outs, and without a proxy on the way to this very machine."""
    session = new_session(timeouts)
    session.trust_env = urlsplit(login_url).hostname not in _LOOPBACK
    return session


def _check_token_reply(reply: requests.Response, *_: Any, **__: Any) -> None:
    """The library takes any answer for a refusal or a token; an outage is neither, and a list makes it stumble."""
    if reply.status_code in (408, 429) or reply.status_code >= 500:
        raise TransientError(f"Salesforce could not serve the login (HTTP {reply.status_code}).")
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


def _refused(login_url: str, code: str) -> str:
    shown = code if _CODE.fullmatch(code) else "no code"
    advice = _ADVICE.get(shown, "Check the external client app and SALESFORCE_LOGIN_URL.")
    return f"Salesforce refused the login at {login_url} ({shown}). {advice}"
