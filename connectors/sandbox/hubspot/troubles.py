"""Faults that only HubSpot has, read from a call's switches.

partial         207: `keep` is the share of inputs that is answered; which fail depends on `seed` and the id
bad_id          400 for every batch that holds the id `code`
dirty_text      text properties begin with NUL, half a surrogate pair or bytes that are no UTF-8 (`code`: nul,
                surrogate, utf8; all in turn if absent)
index_lag       search knows nothing newer than `seconds`
unordered       search sorts by a modification time that is off by up to `seconds`, and mixes each page
outside_window  the index has a modification time `seconds` too old for every twentieth record: it is found, and
                sorted, where it no longer belongs
portal_changed  the account's id is another one
no_version      404 for paths of the version `code` (`2026-03`, `v4`); every date-based one if absent
no_meter        the answer does not tell how many calls of the day are used
rotate_tokens   a refresh token is good for one refresh; the answer brings the next
expire_session  the access token is over, for good if it came from a refresh
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.faults import drawn
from connectors.sandbox.hubspot.replies import Refusal, invalid

DIRT = {"nul": b"\\u0000", "surrogate": b"\\ud83d", "utf8": b"\xff\xfe"}
_TEXTS = re.compile(rb'"(?:dealname|name|firstname|hs_[a-z]+_(?:title|subject|body))":"')


def refuse_bad_id(call: Call, asked: Sequence[str]) -> None:
    """400 when the batch holds the id that spoils it."""
    fault = call.fault_of("bad_id")
    if fault is not None and fault.code in asked:
        raise invalid(f"Invalid input: the id {fault.code} is not valid", code="INVALID_ID", id=str(fault.code))


def split_failing(call: Call, asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """Inputs that are answered, and those that fail this time."""
    fault = call.fault_of("partial")
    if fault is None:
        return list(asked), []
    failing = [key for key in asked if drawn(fault.seed, int(key) if key.isdigit() else len(key)) >= fault.keep]
    return [key for key in asked if key not in set(failing)], failing


def failed_entries(failing: Sequence[str], key: str = "ids") -> list[dict[str, object]]:
    """What `errors` of a 207 says of inputs that failed on HubSpot's side."""
    if not failing:
        return []
    message = "Some objects could not be read because of an internal error."
    return [{"status": "error", "category": "INTERNAL_ERROR", "message": message, "context": {key: list(failing)}}]


def soil(call: Call, reply: Answer) -> Answer:
    """The reply with dirty text, if that fault is due."""
    fault = call.fault_of("dirty_text")
    if fault is None or reply.status >= 300:
        return reply
    dirt = [DIRT[fault.code]] if fault.code in DIRT else list(DIRT.values())
    places = iter(range(10**9))
    return replace(reply, body=_TEXTS.sub(lambda found: found.group() + dirt[next(places) % len(dirt)], reply.body))


def is_missing_version(call: Call, dated: Sequence[str]) -> bool:
    """Whether this call's path is of a version that the portal is told not to have."""
    fault = call.fault_of("no_version")
    if fault is None:
        return False
    missing = [fault.code] if fault.code else list(dated)
    return any(segment in missing for segment in call.path.split("/"))


def expired() -> Refusal:
    """The 401 of an access token that was good once."""
    return Refusal(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 1 second(s) ago.")
