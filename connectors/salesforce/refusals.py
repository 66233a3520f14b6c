"""Salesforce's error codes, sorted into our error tree, each with what to do about it.

The codes are those of the REST API's "Status Codes and Error Responses" and of the Bulk API's exception codes.
"""

import re

from connectors.errors import (
    AuthenticationError,
    CrmError,
    CrowdedError,
    NoAccessError,
    PausedError,
    RejectedRequestError,
    TransientError,
)
from connectors.pacing import ROLLING_PAUSE
from connectors.reply import Refusal, error_code, http_date

UNAVAILABLE_STATUS = frozenset([406, 420])  # seen by other extractors while an instance is switched over
TRANSIENT = frozenset(["SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "TXN_LOCK", "SERVICE_UNAVAILABLE"])
SESSION_DEAD = frozenset(["INVALID_SESSION_ID", "INVALIDSESSIONID"])
NO_ACCESS = frozenset(["INVALID_TYPE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY"])

# what a person or the extractor does next; the last word is always a sentence
ADVICE = {
    "INVALID_FIELD": "A field was removed or is hidden from the integration user; run again to read without it.",
    "OPERATION_TOO_LARGE": "Give the integration user View All Data, without which activities of many records are "
    "refused.",
    "QUERY_TIMEOUT": "Run again when the org is less busy, or ask Salesforce for a custom index on the stamp.",
    "QUERY_TOO_COMPLICATED": "Hide some formula fields of this object from the integration user.",
    "INVALID_QUERY_LOCATOR": "The cursor is older than two days; the load is begun again.",
    "EXCEEDED_ID_LIMIT": "More than 600,000 deletions: the ids are compared instead.",
    "TXN_SECURITY_METERING_ERROR": "Exempt the integration user from the transaction security policy.",
    "INVALIDENTITY": "Bulk does not serve this object; it is read by REST.",
    "MALFORMED_QUERY": "Report this as a defect of the extractor.",
    "API_DISABLED_FOR_ORG": "Give the integration user the permission API Enabled.",
    "INVALID_REPLICATION_DATE": "The window is older than the delete log; the ids are compared instead.",
}

_OBJECT = re.compile(r"sObject type '(\w{1,80})'|on entity '(\w{1,80})'")
_FIELD = re.compile(r"No such column '(\w{1,80})'")
_DESCRIBED = re.compile(r"/sobjects/(\w{1,80})(?:/|$)")


def classify(refusal: Refusal) -> CrmError | None:
    """The error of a refusal; None where HTTP's own meaning says it all."""
    code, detail = error_code(refusal.json())
    if refusal.status == 401:
        return None
    if code in SESSION_DEAD or code.startswith("API_DISABLED"):
        # the transport logs in once more, and then says whose rights to check
        return AuthenticationError(f"Salesforce refused the session ({code}).")
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(detail, refusal)
    if code in TRANSIENT or refusal.status in UNAVAILABLE_STATUS:
        return TransientError(f"Salesforce could not serve {_request(refusal)} ({code or refusal.status}).")
    if code in NO_ACCESS or (code == "NOT_FOUND" and _DESCRIBED.search(refusal.path)):
        return no_access(_object_name(refusal, detail), status=refusal.status, code=code, detail=detail)
    if code in ADVICE:
        what = _named(_object_name(refusal, detail), _first(_FIELD, detail)) or _request(refusal)
        message = f"Salesforce rejected {what} (HTTP {refusal.status}, {code}). {ADVICE[code]}"
        return RejectedRequestError(message, status=refusal.status, code=code, detail=detail)
    return None


def no_access(object_name: str, *, status: int = 0, code: str = "", detail: str = "") -> NoAccessError:
    """The error for an object that is not there for the integration user."""
    shown = object_name or "an object"
    return NoAccessError(
        f"Salesforce has no {shown} for the integration user ({code or 'not described'}). Give its permission set read "
        "access if the org has it; until then the table stays as it is.",
        status=status,
        code=code,
        detail=detail,
    )


def _limit(detail: str, refusal: Refusal) -> CrmError:
    if "concurrent" in detail.lower():
        return CrowdedError("Salesforce has too many long requests at once (REQUEST_LIMIT_EXCEEDED).")
    now = http_date(refusal.headers.get("Date"))
    return PausedError(
        "Salesforce's API requests of the last 24 hours are used up (REQUEST_LIMIT_EXCEEDED). What is landed is kept; "
        "run again in some hours, or see Setup > Company Information for the allowance.",
        # the limit is a rolling one, and names no time
        resume_at=now and now + ROLLING_PAUSE,
    )


def _object_name(refusal: Refusal, detail: str) -> str:
    return _first(_OBJECT, detail) or _first(_DESCRIBED, refusal.path)


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


def _named(object_name: str, field_name: str) -> str:
    return ".".join(part for part in (object_name, field_name) if part)


def _request(refusal: Refusal) -> str:
    return f"{refusal.method} {refusal.path}"
