"""Refusals as Salesforce words them: HTTP status, errorCode and message in a one-element list."""

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.faults import Fault

# status faults without a `code`: what the same status carries on the real service
FAULT_BODIES: dict[int, tuple[str, str]] = {
    400: ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    429: ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: 1-1"),
}
# `refuse` faults: what each errorCode comes with (api_rest status codes; messages as seen in the field)
REFUSALS: dict[str, tuple[int, str]] = {
    "API_CURRENTLY_DISABLED": (403, "API is currently disabled for this user"),
    "API_DISABLED_FOR_ORG": (403, "API is not enabled for this Organization or Partner"),
    "EXCEEDED_ID_LIMIT": (400, "Too many results; a window may hold 600000 ids. Narrow it."),
    "INSUFFICIENT_ACCESS": (403, "insufficient access rights on object id"),
    "INVALID_FIELD": (400, "No such column 'Gone__c' on entity 'Opportunity'."),
    "INVALID_QUERY_LOCATOR": (400, "invalid query locator"),
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "INVALID_TYPE": (400, "sObject type 'Gone__c' is not supported."),
    "INVALIDENTITY": (400, "Entity is not supported by the Bulk API."),
    "MALFORMED_QUERY": (400, "unexpected token: '<EOF>'"),
    "OPERATION_TOO_LARGE": (400, "exceeded 100000 distinct who/what's"),
    "QUERY_TIMEOUT": (400, "Your query request was running for too long."),
    "QUERY_TOO_COMPLICATED": (
        400,
        "Query is either selecting too many fields or the filter conditions are too complicated.",
    ),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded."),
    "SERVER_UNAVAILABLE": (503, "The server is currently too busy, please try again later."),
    "TXN_SECURITY_METERING_ERROR": (403, "We can't complete the action because enabled transaction security policies"
        " took too long to complete."),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record"),
    "UNKNOWN_EXCEPTION": (500, "An unexpected error occurred. Please include this ErrorId if you contact support: 1-1"),
}  # fmt: skip
CONCURRENT_LIMIT = "ConcurrentPerOrgLongTxn Limit exceeded."
UNAVAILABLE = ("SERVER_UNAVAILABLE", "The server is currently too busy, please try again later.")


class Refusal(Exception):  # noqa: N818 - the service refuses; nothing went wrong in it
    """Raised where a request is refused; becomes the answer's status and body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """`code` is Salesforce's errorCode."""
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        """The body Salesforce sends for it."""
        return Answer.of([{"message": self.message, "errorCode": self.code}], status=self.status)


def refuse_by_fault(_call: Call, fault: Fault) -> Answer:
    """Salesforce's body for a `status` or `refuse` fault; `body` is sent as it is, as a proxy's page would be."""
    if fault.body is not None:
        return Answer(fault.body.encode(), status=fault.status, media_type="text/html; charset=UTF-8")
    if fault.kind == "refuse":
        status, message = REFUSALS.get(fault.code or "", (400, "refused"))
        return Refusal(status, fault.code or "UNKNOWN_EXCEPTION", message).answer()
    code, message = FAULT_BODIES.get(fault.status, UNAVAILABLE)
    return Refusal(fault.status, fault.code or code, message).answer()


def session_expired() -> Refusal:
    """What a dead or unknown token is told."""
    return Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")


def not_found(message: str = "The requested resource does not exist") -> Refusal:
    """An unknown path, version, record or job."""
    return Refusal(404, "NOT_FOUND", message)


def malformed(message: str) -> Refusal:
    """SOQL that cannot be read."""
    return Refusal(400, "MALFORMED_QUERY", message)


def invalid_field(message: str) -> Refusal:
    """SOQL that names a field which is not there, or uses one as it must not be used."""
    return Refusal(400, "INVALID_FIELD", message)
