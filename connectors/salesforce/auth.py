"""Logins, each by a grant of its own: client credentials, JWT bearer, refresh token, user name and password.

They are simple-salesforce's flows where it has one, at any address it can be asked at.
"""

import base64
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

from connectors.errors import ConfigurationError, UnexpectedReplyError
from connectors.salesforce.refresh import RefreshToken
from connectors.salesforce.session import (
    GENERIC_HOSTS,
    SalesforceLogin,
    TokenLogin,
    check_outage,
    check_token_reply,
    checked_login_url,
    open_session,
)
from connectors.secret import Secret
from connectors.wire import Timeouts

__all__ = [
    "ClientCredentials",
    "JwtBearer",
    "RefreshToken",
    "SalesforceLogin",
    "UsernamePassword",
    "checked_login_url",
    "open_session",
]

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_SECONDS = 180  # Salesforce refuses an assertion that is valid for longer
SOAP_VERSION = "64.0"  # the last with login()
SOAP_LOGIN_ENDS = "Summer '27 (June 2027)"  # release notes: no login() from API 65, and for good with that release


class ClientCredentials(TokenLogin):
    """The OAuth 2.0 client credentials grant of an external client app.

    `login_url` is the org's My Domain; http is allowed on this very machine only.

    Raises:
        ConfigurationError: the address or a credential cannot be used; nothing was sent.
    """

    advice = {  # noqa: RUF012 - read only
        "invalid_grant": "Enable the client credentials flow in the external client app, and name its run-as user.",
        "unsupported_grant_type": "Enable the client credentials flow in the external client app.",
    }

    def __init__(
        self, login_url: str, client_id: str, client_secret: Secret, *, timeouts: Timeouts | None = None
    ) -> None:
        super().__init__(login_url, may_be_generic=False, timeouts=timeouts)
        if not client_id or not client_secret:
            raise ConfigurationError(
                "SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET must both be set. Put them in .env."
            )
        self._client_id = client_id
        self._client_secret = client_secret
        self._session.hooks["response"].append(check_token_reply)

    def _request(self) -> tuple[str, str]:
        self._logins += 1
        pair = f"{self._client_id}:{self._client_secret.reveal()}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return self._log_in_by_library({"grant_type": "client_credentials"}, headers)


class JwtBearer(TokenLogin):
    """The OAuth 2.0 JWT bearer grant: an assertion signed with the private key of the app's certificate.

    `login_url` is My Domain, login.salesforce.com, or test.salesforce.com for a sandbox.

    Raises:
        ConfigurationError: the address or a credential cannot be used; nothing was sent.
    """

    advice = {  # noqa: RUF012 - read only
        "invalid_grant": "Approve the app for SALESFORCE_USERNAME (policy: admin approved users), check that the app "
        "holds the certificate of SALESFORCE_PRIVATE_KEY_FILE, and that this machine's clock is right.",
    }

    def __init__(
        self, login_url: str, client_id: str, username: str, private_key: Path, *, timeouts: Timeouts | None = None
    ) -> None:
        super().__init__(login_url, may_be_generic=True, timeouts=timeouts)
        if not client_id or not username:
            raise ConfigurationError("SALESFORCE_CLIENT_ID and SALESFORCE_USERNAME must both be set for the JWT login.")
        self._client_id = client_id
        self._username = username
        self._private_key = _read_key(private_key)
        self._session.hooks["response"].append(check_token_reply)

    def _request(self) -> tuple[str, str]:
        self._logins += 1
        form = {"grant_type": JWT_GRANT, "assertion": self._assertion()}
        return self._log_in_by_library(form)

    def _assertion(self) -> str:
        # the library's own JWT flow knows salesforce.com alone; this is the same assertion
        import jwt

        claims = {
            "iss": self._client_id,
            "sub": self._username,
            "aud": jwt_audience(self._login_url),
            "exp": int(time.time()) + JWT_SECONDS,
        }
        try:
            return jwt.encode(claims, self._private_key.reveal(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # without the cause: its text may quote the key
            raise ConfigurationError(
                "SALESFORCE_PRIVATE_KEY_FILE holds no RSA private key in PEM form (without a passphrase)."
            ) from None


class UsernamePassword(TokenLogin):
    """SOAP login() with user name, password and security token; Salesforce ends it, see `SOAP_LOGIN_ENDS`.

    Raises:
        ConfigurationError: the address or a credential cannot be used; nothing was sent.
    """

    advice = {  # noqa: RUF012 - read only
        "INVALID_LOGIN": "Check SALESFORCE_USERNAME, SALESFORCE_PASSWORD and SALESFORCE_SECURITY_TOKEN (a new password "
        "makes a new token), and that a sandbox is asked at https://test.salesforce.com or its My Domain.",
        "INVALID_OPERATION": "The org has switched SOAP login() off: use another SALESFORCE_AUTH.",
        "UNSUPPORTED_API_VERSION": "Salesforce has ended SOAP login(): use another SALESFORCE_AUTH.",
    }

    def __init__(
        self,
        login_url: str,
        username: str,
        password: Secret,
        security_token: Secret,
        *,
        timeouts: Timeouts | None = None,
    ) -> None:
        super().__init__(login_url, may_be_generic=True, timeouts=timeouts)
        if not username or not password:
            raise ConfigurationError("SALESFORCE_USERNAME and SALESFORCE_PASSWORD must both be set for this login.")
        self._username = username
        self._password = password
        self._security_token = security_token
        self._session.hooks["response"].append(_check_soap_reply)

    @property
    def warning(self) -> str:
        """When this login ends."""
        return (
            f"Login by user name and password is SOAP login(), which Salesforce ends with {SOAP_LOGIN_ENDS}; new orgs "
            "have it switched off. Move to SALESFORCE_AUTH=client_credentials or jwt before."
        )

    def _request(self) -> tuple[str, str]:
        from simple_salesforce import login as library
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed

        self._logins += 1
        try:
            token, host = library.SalesforceLogin(
                username=self._username,
                password=self._password.reveal(),
                security_token=self._security_token.reveal(),
                sf_version=SOAP_VERSION,
                session=self._session,
                scratch_url=self._login_url,  # the one way to another host than salesforce.com
            )
        except SalesforceAuthenticationFailed as refusal:
            raise self._refused(str(refusal.code)) from None
        except requests.RequestException as error:
            raise self._unreached(error) from None
        own_host = urlsplit(self._login_url)
        # the library cuts "-api" out of the host, which My Domain may well have in its name
        return str(token), host if own_host.hostname in GENERIC_HOSTS else own_host.netloc


def jwt_audience(login_url: str) -> str:
    """Whom a JWT is for: the login host of sandboxes, or of production."""
    host = urlsplit(login_url).hostname or ""
    is_sandbox = host == "test.salesforce.com" or ".sandbox." in host
    return "https://test.salesforce.com" if is_sandbox else "https://login.salesforce.com"


def _read_key(file: Path) -> Secret:
    try:
        key = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"SALESFORCE_PRIVATE_KEY_FILE ({file}) cannot be read as a PEM file ({type(error).__name__})."
        ) from None
    if "PRIVATE KEY" not in key:
        raise ConfigurationError(f"SALESFORCE_PRIVATE_KEY_FILE ({file}) holds no private key in PEM form.")
    return Secret(key)


def _check_soap_reply(reply: requests.Response, *_: object, **__: object) -> None:
    """A refusal is HTTP 500 with a code in XML; an outage is HTTP 500 without."""
    if b"exceptionCode" in reply.content or b"<sessionId>" in reply.content:
        return
    check_outage(reply)
    raise UnexpectedReplyError(
        f"Salesforce answered SOAP login() with something else than a session (HTTP {reply.status_code}). Check "
        "SALESFORCE_LOGIN_URL and that no proxy stands before it."
    )
