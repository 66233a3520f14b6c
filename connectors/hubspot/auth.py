"""The token of a private app or service key, and what a refused one means."""

from collections.abc import Callable, Mapping

from connectors.secret import Secret


class PrivateToken:
    """A token that never expires by itself.

    `check` asks HubSpot about the token alone and raises AuthenticationError if it is dead; it is set by the client
    that is built around the token.
    """

    def __init__(self, token: Secret) -> None:
        self._token = token
        self.check: Callable[[], None] | None = None

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
