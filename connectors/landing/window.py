"""Times and windows of the source: UTC, and half-open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.errors import ConfigurationError, UnexpectedReplyError


def parse_utc(text: str) -> datetime:
    """The aware UTC time of an ISO text; one without an offset is read as UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_utc(moment: datetime) -> str:
    """ISO with Z: `2026-03-17T02:00:00Z`, microseconds only if there are any."""
    if moment.tzinfo is None:
        raise ConfigurationError(f"{moment} has no time zone; the landing log knows UTC only.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Window:
    """Half-open `[lo, hi)` in source time, UTC; `lo` None means from the beginning."""

    lo: datetime | None
    hi: datetime

    def __str__(self) -> str:
        return f"[{format_utc(self.lo) if self.lo else 'the beginning'}, {format_utc(self.hi)})"

    def as_json(self) -> dict[str, str | None]:
        """As manifests keep it."""
        return {"lo": format_utc(self.lo) if self.lo else None, "hi": format_utc(self.hi)}

    @classmethod
    def from_json(cls, window: Mapping[str, str | None]) -> "Window":
        """The reverse of `as_json`."""
        lo, hi = window["lo"], window["hi"]
        if hi is None:
            raise UnexpectedReplyError("A window without an upper bound is no window; the file is damaged.")
        return cls(parse_utc(lo) if lo else None, parse_utc(hi))
