"""Who we are to HubSpot: the token of a private app or service key, or an OAuth app with its refresh token."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from connectors.errors import AuthenticationError, ConfigurationError, RejectedRequestError
from connectors.kept_token import KeptToken
from connectors.secret import Secret

_CURE = "connect the app to the portal again and set HUBSPOT_REFRESH_TOKEN"


class Login(Protocol):
    """What a client needs of either way; it sets `check` and `exchange` when it is built around the login."""

    advice: str
    """What a person should do when HubSpot refuses the token."""
    check: Callable[[], None] | None
    """Asks HubSpot about the token alone, and raises AuthenticationError if it is dead."""
    exchange: Callable[[Mapping[str, str]], Mapping[str, object]] | None
    """Sends a form to the token endpoint."""

    def headers(self) -> Mapping[str, str]: ...
    def renew(self) -> None: ...


class PrivateToken:
    """A token that never expires by itself."""

    advice = (
        "Make sure that HUBSPOT_ACCESS_TOKEN is the token of an active private app or service key of this portal, then "
        "run again."
    )

    def __init__(self, token: Secret) -> None:
        self._token = token
        self.check: Callable[[], None] | None = None
        self.exchange: Callable[[Mapping[str, str]], Mapping[str, object]] | None = None

    def headers(self) -> Mapping[str, str]:
        """The header that carries the token."""
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    def renew(self) -> None:
        """There is no other token to get: find out whether this one is dead, or one answer was an accident.

        Raises:
            AuthenticationError: HubSpot refuses the token itself.
        """
        if self.check is not None:
            self.check()


class OAuthRefresh:
    """An OAuth app: access tokens of half an hour, got with a refresh token that HubSpot may replace at any time.

    `store` is the file that follows the `refresh_token` a person gave (mode 0600). A new refresh token is on disk
    before the access token that came with it is used; the one before is kept until the new one has worked, and is
    tried once if the new one is refused.

    Raises:
        ConfigurationError: a credential is missing; nothing was sent.
    """

    advice = "Connect the app to the portal again and set HUBSPOT_REFRESH_TOKEN, then run again."

    def __init__(self, client_id: str, client_secret: Secret, refresh_token: Secret, *, store: Path) -> None:
        if not (client_id and client_secret and refresh_token):
            raise ConfigurationError(
                "HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET and HUBSPOT_REFRESH_TOKEN must all be set for this login."
            )
        self.check: Callable[[], None] | None = None
        self.exchange: Callable[[Mapping[str, str]], Mapping[str, object]] | None = None
        self._client_id = client_id
        self._client_secret = client_secret
        self._first = refresh_token
        self._store = store
        self._access: Secret | None = None
        self._lock = threading.Lock()

    def headers(self) -> Mapping[str, str]:
        """The header that carries the access token, which is fetched first if there is none."""
        with self._lock:
            if self._access is None:
                self._access = self._log_in()
            return {"Authorization": f"Bearer {self._access.reveal()}"}

    def renew(self) -> None:
        """Get a new access token.

        Raises:
            AuthenticationError: HubSpot refuses the refresh token.
        """
        with self._lock:
            self._access = self._log_in()

    def _log_in(self) -> Secret:
        kept = KeptToken.read(self._store, self._first, cure=_CURE)
        kept.write(self._store)  # a file that cannot be written is found out while the old token still is good
        answer = self._ask(kept.current)
        if answer is None and kept.previous is not None:
            kept = KeptToken(kept.origin, kept.previous)
            answer = self._ask(kept.current)
        if answer is None:
            raise AuthenticationError(f"HubSpot refused the refresh token. {self.advice}")
        following = answer.get("refresh_token")
        if isinstance(following, str) and following and following != kept.current.reveal():
            KeptToken(kept.origin, Secret(following), kept.current).write(self._store)
        elif kept.previous is not None:
            KeptToken(kept.origin, kept.current).write(self._store)  # the new one works: the old one has served
        return Secret(str(answer["access_token"]))

    def _ask(self, token: Secret) -> Mapping[str, object] | None:
        """The answer to this refresh token; None if it is none any more."""
        if self.exchange is None:
            raise ConfigurationError("An OAuth login can only be used by the client that is built around it.")
        form = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "refresh_token": token.reveal(),
        }
        try:
            answer = self.exchange(form)
        except RejectedRequestError as error:
            if error.code in ("BAD_CLIENT_ID", "BAD_CLIENT_SECRET", "invalid_client"):
                raise AuthenticationError(
                    "HubSpot does not know this OAuth app. Check HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET."
                ) from None
            if error.status not in (400, 401, 403):
                raise
            return None
        except AuthenticationError:
            return None
        return answer if "access_token" in answer else None
