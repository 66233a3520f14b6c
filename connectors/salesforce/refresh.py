"""The refresh token grant: a token that Salesforce may replace at each use, kept so that no crash loses it."""

from pathlib import Path
from typing import Any

import requests

from connectors.errors import AuthenticationError, ConfigurationError
from connectors.kept_token import KeptToken
from connectors.salesforce.session import TokenLogin, check_token_reply
from connectors.secret import Secret
from connectors.wire import Timeouts

_CURE = "approve the app again and set SALESFORCE_REFRESH_TOKEN"


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
        kept = KeptToken.read(self._store, self._first, cure=_CURE)
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
            kept = KeptToken(kept.origin, kept.previous)
        following = answer.get("refresh_token")
        if isinstance(following, str) and following != kept.current.reveal():
            KeptToken(kept.origin, Secret(following), kept.current).write(self._store)
        elif kept.previous is not None:
            KeptToken(kept.origin, kept.current).write(self._store)  # the new one works: the old one has served
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
