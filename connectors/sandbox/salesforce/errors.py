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
    """Salesforce's body for a `status` fault."""
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
