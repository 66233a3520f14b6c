"""What comes back: whole answers, refusals, and the few things that every CRM says in the same way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import orjson

from connectors.errors import UnexpectedReplyError


@dataclass(frozen=True)
class Reply:
    """A complete 2xx answer. `body` is empty if it was spooled to `file`; sizes are after decompression."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    file: Path | None = None
    size: int = 0
    parsed: object = field(default=None, repr=False)

    def json(self) -> object:
        """The body as JSON; a file is not read.

        Raises:
            UnexpectedReplyError: it is no JSON.
        """
        if self.parsed is not None:
            return self.parsed
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise UnexpectedReplyError("A reply that should be JSON is none; nothing of it was used.") from error


@dataclass(frozen=True)
class Refusal:
    """An answer that is not 2xx, for a CRM's own classification. Never shown: the body may hold anything."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """The body as JSON, None if it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


def error_code(body: object) -> tuple[str, str]:
    """The CRM's own (error code, sentence) in an error body of either known shape; ("", "") if it is another."""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    code = next((first[key] for key in ("errorCode", "category", "errorType", "error") if key in first), "")
    detail = next((first[key] for key in ("message", "error_description") if key in first), "")
    return str(code), str(detail)


def http_date(text: str | None) -> datetime | None:
    """The UTC time of an HTTP date; None if there is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def retry_after_seconds(headers: Mapping[str, str], server_clock: datetime | None) -> float | None:
    """Seconds, from either form of Retry-After; None if there is none that can be read."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    moment = http_date(text)
    if moment is None or server_clock is None:
        return None
    return max(0.0, (moment - server_clock).total_seconds())


def ends_of(reply: Reply) -> tuple[bytes, bytes]:
    """The first and the last byte that are no white space."""
    if reply.file is None:
        text = reply.body.strip()
        return text[:1], text[-1:]
    with reply.file.open("rb") as file:
        head = file.read(64).strip()
        file.seek(max(0, reply.size - 64))
        return head[:1], file.read(64).strip()[-1:]
