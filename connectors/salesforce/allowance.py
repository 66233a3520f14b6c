"""What is left of the day's calls and Bulk query jobs: asked for before jobs are made, since other programs use both.

An answer's header tells the calls alone, and a job that was made must be read, whatever it costs.
"""

import time
from collections.abc import Callable

from connectors.errors import RejectedRequestError
from connectors.salesforce.client import SalesforceClient

BULK_JOBS = "DailyBulkV2QueryJobs"
DAILY_CALLS = "DailyApiRequests"
NO_JOBS_LEFT = "EXCEEDED_QUOTA"  # what Salesforce says when the last one is used
GOOD_FOR_SECONDS = 600.0  # jobs of a run are mostly made together; hours later others may have made theirs


class BulkAllowance:
    """The allowance of Bulk query jobs, less the reserve that is left to the org's other programs."""

    def __init__(self, client: SalesforceClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._asked_at: float | None = None
        self._left: int | None = None

    def start(self) -> None:
        """A run begins: what the last one was told may be old."""
        self._asked_at = None

    def take(self) -> None:
        """Count a job that is about to be made.

        Raises:
            RejectedRequestError: code EXCEEDED_QUOTA if only the reserve is left; nothing was made.
        """
        if self._asked_at is None or self._clock() - self._asked_at > GOOD_FOR_SECONDS:
            self._ask()
        if self._left is None:
            return
        if self._left <= 0:
            raise RejectedRequestError(
                f"The org's Bulk query jobs of these 24 hours are used but for the {self._client.reserve:.0%} that are "
                "left to other programs. Run again tomorrow, or see which program makes so many jobs.",
                code=NO_JOBS_LEFT,
            )
        self._left -= 1

    def _ask(self) -> None:
        limits = self._client.try_get("/limits", family="limits")
        self._asked_at = self._clock()
        jobs, calls = allowance_of(limits, BULK_JOBS), allowance_of(limits, DAILY_CALLS)
        self._left = None if jobs is None else int(jobs[1] * (1 - self._client.reserve)) - jobs[0]
        if calls is not None:
            self._client.note_daily(*calls)


def allowance_of(limits: object, name: str) -> tuple[int, int] | None:
    """(used, most) of an allowance in an answer of `/limits`; None if it does not say."""
    found = limits.get(name) if isinstance(limits, dict) else None
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("Max"), int)
        or not isinstance(found.get("Remaining"), int)
    ):
        return None
    return found["Max"] - found["Remaining"], found["Max"]
