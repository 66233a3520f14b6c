"""Access and refresh tokens that this org has given out."""

import hashlib
import threading
from dataclasses import dataclass, field

FIRST_REFRESH_TOKEN = "5Aep861-sandbox-refresh-0"  # noqa: S105 - public by design: what an approved app would hold


@dataclass
class Tokens:
    """Live tokens of one org. Deterministic: the nth token of any sandbox is the same. Thread safe."""

    org_id: str
    _issued: int = 0
    _live: set[str] = field(default_factory=set)
    _refresh: str = FIRST_REFRESH_TOKEN
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self) -> str:
        """A new access token."""
        with self._lock:
            self._issued += 1
            digest = hashlib.blake2b(f"{self.org_id}:{self._issued}".encode(), digest_size=30).hexdigest()
            token = f"{self.org_id[:15]}!AQ{digest}"
            self._live.add(token)
            return token

    def rotate(self, refresh_token: str) -> str | None:
        """Spend a refresh token: the next one, or None if this one is not the newest."""
        with self._lock:
            if refresh_token != self._refresh:
                return None
            stem, _, number = self._refresh.rpartition("-")
            self._refresh = f"{stem}-{int(number) + 1}"
            return self._refresh

    def find_refresh(self, refresh_token: str) -> str | None:
        """The refresh token itself, if it is the newest."""
        with self._lock:
            return refresh_token if refresh_token == self._refresh else None

    def revoke(self, token: str) -> bool:
        """End one session, or the refresh token and every session; False for a token that is none."""
        with self._lock:
            if token == self._refresh:
                self._refresh = ""
                self._live.clear()
                return True
            known = token in self._live
            self._live.discard(token)
            return known

    def is_live(self, token: str) -> bool:
        """Whether a request may use it."""
        with self._lock:
            return token in self._live

    def expire_all(self) -> None:
        """End every session, as an administrator or a time-out does."""
        with self._lock:
            self._live.clear()
