"""The refresh token grant: a token that Salesforce may replace at each use, kept so that no crash loses it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests

from connectors.errors import AuthenticationError, ConfigurationError
from connectors.landing.durable import sync_folder
from connectors.salesforce.session import TokenLogin, check_token_reply
from connectors.secret import Secret
from connectors.wire import Timeouts


class RefreshToken(TokenLogin):
    """The OAuth 2.0 refresh token grant, with rotation.

    `refresh_token` is what a person was given; `store` is the file for those that follow it (mode 0600). A new token
    is on disk before it, or the session that came with it, is used. The one before is kept until the new one has
    worked, and is tried once if the new one is refused. Another `refresh_token` than the one that the file began with
    puts the file aside: a person has approved the app anew. `client_secret` may be empty for an app without one.

    Raises:
        ConfigurationError: the address or a credential cannot be used; nothing was sent.
    """

    advice = {  # noqa: RUF012 - read only
        "invalid_grant": "The refresh token is used up or revoked: approve the app again and set "
        "SALESFORCE_REFRESH_TOKEN.",
    }

    def __init__(
        self,
        login_url: str,
        client_id: str,
        client_secret: Secret,
        refresh_token: Secret,
        *,
        store: Path,
        timeouts: Timeouts | None = None,
    ) -> None:
        super().__init__(login_url, may_be_generic=True, timeouts=timeouts)
        if not client_id or not refresh_token:
            raise ConfigurationError(
                "SALESFORCE_CLIENT_ID and SALESFORCE_REFRESH_TOKEN must both be set for this login."
            )
        self._client_id = client_id
        self._client_secret = client_secret
        self._first = refresh_token
        self._store = store
        self._session.hooks["response"].append(check_token_reply)

    def _request(self) -> tuple[str, str]:
        kept = _Kept.read(self._store, self._first)
        kept.write(self._store)  # a file that cannot be written is found out while the old token still is good
        try:
            answer = self._exchange(kept.current)
        except _InvalidGrantError:
            if kept.previous is None:
                raise self._refused("invalid_grant") from None
            try:
                answer = self._exchange(kept.previous)
            except _InvalidGrantError:
                raise self._refused("invalid_grant") from None
            kept = _Kept(kept.origin, kept.previous)
        following = answer.get("refresh_token")
        if isinstance(following, str) and following != kept.current.reveal():
            _Kept(kept.origin, Secret(following), kept.current).write(self._store)
        elif kept.previous is not None:
            _Kept(kept.origin, kept.current).write(self._store)  # the new one works: the old one has served
        return str(answer["access_token"]), str(answer["instance_url"]).split("://", 1)[-1]

    def _exchange(self, token: Secret) -> dict[str, Any]:
        self._logins += 1
        form = {"grant_type": "refresh_token", "client_id": self._client_id, "refresh_token": token.reveal()}
        if self._client_secret:
            form["client_secret"] = self._client_secret.reveal()
        try:
            reply = self._session.post(f"{self._login_url}/services/oauth2/token", data=form)
        except requests.RequestException as error:
            raise self._unreached(error) from None
        body: dict[str, Any] = reply.json()
        if reply.status_code == requests.codes.ok:
            return body
        code = str(body.get("error"))
        if code == "invalid_grant":
            raise _InvalidGrantError("Salesforce refused a refresh token.")
        raise self._refused(code)


class _InvalidGrantError(AuthenticationError):
    """This refresh token is none any more."""


@dataclass(frozen=True)
class _Kept:
    """What the file holds: the token in use, and the one before it as long as that may still be needed."""

    origin: str
    current: Secret
    previous: Secret | None = None

    @classmethod
    def read(cls, store: Path, first: Secret) -> "_Kept":
        origin = hashlib.sha256(first.reveal().encode()).hexdigest()
        try:
            values = orjson.loads(store.read_bytes())
            if values["origin"] != origin:
                return cls(origin, first)
            previous = values["previous"]
            return cls(origin, Secret(values["current"]), Secret(previous) if previous else None)
        except FileNotFoundError:
            return cls(origin, first)
        except OSError as error:
            raise ConfigurationError(f"{store} cannot be read ({type(error).__name__}).") from None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise ConfigurationError(
                f"{store} is damaged. Remove it, approve the app again and set SALESFORCE_REFRESH_TOKEN."
            ) from None

    def write(self, store: Path) -> None:
        """On disk, readable by its owner alone, before this returns.

        Raises:
            ConfigurationError: it cannot be put there.
        """
        values = {
            "origin": self.origin,
            "current": self.current.reveal(),
            "previous": self.previous.reveal() if self.previous else None,
        }
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            _write_secretly(store, orjson.dumps(values))
        except OSError as error:
            raise ConfigurationError(
                f"{store} cannot be written ({type(error).__name__}), and Salesforce may replace the refresh token at "
                "each login. Make its folder writable."
            ) from None


def _write_secretly(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    # its mode is right from the first byte on
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
