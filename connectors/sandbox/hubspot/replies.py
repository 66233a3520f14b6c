"""Bodies of HubSpot's answers: JSON text that DuckDB made goes out as it is, errors have the vendor's shape."""

import hashlib
import itertools
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode

import orjson

from connectors.sandbox.endpoint import Answer, Call

_requests = itertools.count(1)


class Refusal(Exception):  # noqa: N818 - an answer on its way, not a failure of the sandbox
    """Ends a call with an error body; `extra` is merged into the body, None values left out."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        errors: list[dict[str, object]] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"status": "error", "message": message}
        self.extra = {"errors": errors, **extra}
        self.category = category

    def answer(self, correlation_id: str) -> Answer:
        """The error as HubSpot sends it."""
        body = {**self.body, "correlationId": correlation_id}
        body.update((key, value) for key, value in self.extra.items() if value is not None)
        body["category"] = self.category
        return Answer.of(body, status=self.status)


def invalid(message: str, *, code: str | None = None, **context: str) -> Refusal:
    """A 400 for a request whose content is wrong."""
    detail: dict[str, object] = {"message": message}
    if code:
        detail["code"] = code
    if context:
        detail["context"] = {key: [value] for key, value in context.items()}
    return Refusal(400, "VALIDATION_ERROR", message, errors=[detail] if code or context else None)


def not_found(message: str = "resource not found") -> Refusal:
    """A 404."""
    return Refusal(404, "OBJECT_NOT_FOUND", message)


def next_correlation_id() -> str:
    """An id that looks like HubSpot's and is the same in every run of the same calls."""
    digest = hashlib.blake2b(str(next(_requests)).encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


def iso(moment: datetime) -> str:
    """ISO text as HubSpot writes it: UTC, milliseconds, Z. A naive moment is UTC already."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sql_iso(expression: str) -> str:
    """SQL for the same text from a UTC TIMESTAMP expression."""
    return f"strftime({expression}, '%Y-%m-%dT%H:%M:%S.%gZ')"


def results_body(results: str, *, paging: dict[str, object] | None = None, total: int | None = None) -> Answer:
    """A collection whose records are already JSON text, joined with commas."""
    head = "{" if total is None else f'{{"total":{total},'
    tail = b"}" if paging is None else b',"paging":' + orjson.dumps(paging) + b"}"
    return Answer(f'{head}"results":[{results}]'.encode() + tail)


def next_page(call: Call, after: str) -> dict[str, object]:
    """`paging` for a GET: the cursor, and the same address with it."""
    kept = [(key, value) for key, value in call.query.multi_items() if key != "after"]
    return {"next": {"after": after, "link": f"{call.base_url}{call.path}?{urlencode([*kept, ('after', after)])}"}}


def batch_body(results: str, *, errors: list[dict[str, object]], at: datetime) -> Answer:
    """A batch answer: 200, or 207 when some inputs failed."""
    stamp = iso(at)
    failed = f'"numErrors":{len(errors)},"errors":{orjson.dumps(errors).decode()},' if errors else ""
    body = f'{{"status":"COMPLETE","results":[{results}],{failed}"startedAt":"{stamp}","completedAt":"{stamp}"}}'
    return Answer(body.encode(), 207 if errors else 200)


def read_limit(call: Call, *, default: int, maximum: int) -> int:
    """The `limit` parameter, 1 to `maximum`."""
    text = call.query.get("limit")
    if text is None:
        return default
    if not text.lstrip("-").isdigit():
        message = f"Invalid integer value for parameter limit: {text}"
        raise invalid(message, code="INVALID_INTEGER", propertyName="limit")
    check_limit(int(text), maximum)
    return int(text)


def check_limit(limit: int, maximum: int) -> None:
    """Refuse a page size that HubSpot refuses."""
    if not 1 <= limit <= maximum:
        raise invalid(
            f"Invalid input (invalid page size of {limit}, should be between 1 and {maximum})",
            code="INVALID_PAGE_SIZE",
            propertyName="limit",
        )


def read_flag(call: Call, name: str) -> bool:
    """A true/false parameter, false if absent."""
    text = call.query.get(name, "false").lower()
    if text not in ("true", "false"):
        raise invalid(f"Invalid boolean value for parameter {name}: {text}", code="INVALID_BOOLEAN", propertyName=name)
    return text == "true"


def read_names(values: Iterable[str]) -> list[str]:
    """Names from a parameter that may be repeated or comma-separated, in order, without repeats."""
    names = (name.strip() for value in values for name in value.split(","))
    return list(dict.fromkeys(name for name in names if name))
