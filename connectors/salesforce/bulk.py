"""Bulk API 2.0 query jobs: made, awaited, read page by page, deleted."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from urllib.parse import urlencode

from connectors.errors import RejectedRequestError, TransientError, UnexpectedReplyError
from connectors.landing import Checkpoint
from connectors.reply import Reply
from connectors.salesforce.allowance import BulkAllowance
from connectors.salesforce.client import SalesforceClient, object_of

PAGE_ROWS = 100_000  # rows per result page: what a crash costs at most, against one call each
PAGES_PER_LIST = 5  # api_asynch query_get_parallel_job_results: up to five addresses in one answer
PAGES_AT_ONCE = 4  # a page may take longer than 20 seconds, and so be one of the few long requests of the org
FEWEST_LISTED = 3  # pages; two come as fast one ahead of the other, without a list of them
POLL_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # after creation, then between polls; the last one repeats
PATIENCE_SECONDS = 4 * 3600.0  # a job that takes longer goes on without us, and the next run reads it

JOBS = "/jobs/query"


class JobTooSlowError(TransientError):
    """A job is not done after hours; it goes on without us."""


class JobFailedError(RejectedRequestError):
    """Salesforce gave a job up; the same query may succeed in another one, or by REST."""


@dataclass(frozen=True)
class BulkJob:
    """A query job. Its results must be read with the API version that made it (else 409)."""

    id: str
    version: str
    made_at: float = 0.0
    """Monotonic seconds; 0 for a job of an earlier process."""

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{JOBS}/{self.id}"


class BulkQueries:
    """The query jobs of one org. `page_rows` is the most rows that a page may have."""

    def __init__(
        self,
        client: SalesforceClient,
        *,
        page_rows: int = PAGE_ROWS,
        patience: float = PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self.page_rows = page_rows
        self._patience = patience
        self._sleep = sleep
        self.allowance = BulkAllowance(client)

    def create(self, soql: str) -> BulkJob:
        """Start a job over all rows, deleted and archived ones too.

        Raises:
            RejectedRequestError: code INVALIDENTITY if Bulk does not serve the object, EXCEEDED_QUOTA if none is left.
        """
        self.allowance.take()
        reply = self._client.post(JOBS, {"operation": "queryAll", "query": soql}, family="bulk_create")
        identity = object_of(reply.json()).get("id")
        if not isinstance(identity, str):
            raise UnexpectedReplyError("Salesforce made a Bulk job without an id; nothing was read.")
        return BulkJob(identity, self._client.version, made_at=time.monotonic())

    def wait(self, job: BulkJob) -> int:
        """Poll until the job is complete; the number of its rows.

        Raises:
            JobFailedError: Salesforce gave it up.
            JobTooSlowError: it is not done after hours; it goes on.
        """
        waits = list(POLL_SECONDS)
        due = job.made_at + waits.pop(0) if job.made_at else 0.0
        give_up = time.monotonic() + self._patience
        while True:
            self._sleep(max(0.0, due - time.monotonic()))
            info = object_of(self._client.get(job.path, family="bulk_poll", version=job.version).json())
            if info.get("state") == "JobComplete":
                return int(info["numberRecordsProcessed"])
            if info.get("state") in ("Failed", "Aborted"):
                raise JobFailedError(
                    f"Salesforce ended Bulk job {job.id} as {info['state']}. Run again; if it happens each time, look "
                    "it up under Setup > Bulk Data Load Jobs.",
                    code=str(info["state"]),
                    detail=str(info.get("errorMessage") or ""),
                )
            if time.monotonic() > give_up:
                raise JobTooSlowError(
                    f"Bulk job {job.id} is not done after {self._patience / 3600:.1f} h. Run again later: the next run "
                    "goes on with this job."
                )
            wait = waits.pop(0) if len(waits) > 1 else waits[0]
            due = time.monotonic() + wait

    def read_page(self, job: BulkJob, locator: str, spool: Path) -> tuple[str, int]:
        """Read the page at `locator` ("" is the first) to a file; the next locator ("" at the end) and its rows."""
        asked = {"maxRecords": str(self.page_rows), **({"locator": locator} if locator else {})}
        reply = self._client.download(
            f"{job.path}/results?{urlencode(asked)}", spool, family="bulk_results", version=job.version
        )
        following = reply.headers.get("Sforce-Locator", "null")
        return "" if following == "null" else following, _rows_of(reply, job)

    def read_listed_page(self, job: BulkJob, address: str, spool: Path) -> int:
        """Read a page that `page_addresses` named to a file; its rows."""
        return _rows_of(self._client.download_named(address, spool, family="bulk_results"), job)

    def page_addresses(self, job: BulkJob) -> Iterator[str]:
        """Addresses of all result pages in their order, which can be read at the same time; a call for each five."""
        path = f"{job.path}/resultPages?{urlencode({'maxRecords': str(self.page_rows)})}"
        reply = self._client.get(path, family="bulk_pages", version=job.version)
        while True:
            answer = object_of(reply.json())
            pages = answer.get("resultPages")
            if not isinstance(pages, list):
                raise UnexpectedReplyError(f"Salesforce listed the pages of Bulk job {job.id} without any list.")
            yield from (str(object_of(page).get("resultUrl") or "") for page in pages)
            # its description and its example spell the key differently
            following = answer.get("nextRecordsUrl") or answer.get("nextRecordUrl")
            if not following or not pages:
                return
            reply = self._client.follow(str(following), family="bulk_pages")

    def pages_at_once(self, rows: int, rows_left: int) -> int:
        """How many pages of a job of `rows` rows are worth being on their way at once; 1 says: one after the other."""
        pages, pages_left = ceil(rows / self.page_rows), ceil(rows_left / self.page_rows)
        calls = pages_left + ceil(pages / PAGES_PER_LIST)
        remaining = self._client.remaining_calls
        if pages_left < FEWEST_LISTED or (remaining is not None and remaining <= calls):
            return 1
        return min(pages_left, PAGES_AT_ONCE)

    def abort(self, job: BulkJob) -> None:
        """Stop a job that nobody waits for any more, and remove it."""
        with suppress(RejectedRequestError, TransientError):
            self._client.patch(job.path, {"state": "Aborted"}, family="bulk_abort", version=job.version)
        self.delete(job)

    def delete(self, job: BulkJob) -> None:
        """Remove a finished job and its results. One that cannot be removed expires by itself after seven days."""
        with suppress(RejectedRequestError, TransientError):
            self._client.delete(job.path, family="bulk_delete", version=job.version)


def job_calls(rows: int) -> int:
    """What a job of so many rows costs in calls: to make it, to poll it, its pages, lists of them, to delete it."""
    pages = max(1, ceil(rows / PAGE_ROWS))
    return 3 + pages + (ceil(pages / PAGES_PER_LIST) if pages >= FEWEST_LISTED else 0)


def job_of(checkpoint: Checkpoint | None) -> BulkJob | None:
    """The job that a load was being read from; None if it was not."""
    if checkpoint is None or "job" not in checkpoint:
        return None
    return BulkJob(str(checkpoint["job"]), str(checkpoint["version"]))


def _rows_of(reply: Reply, job: BulkJob) -> int:
    rows = reply.headers.get("Sforce-NumberOfRecords", "")
    if not rows.isdigit():
        raise UnexpectedReplyError(f"Salesforce sent a page of Bulk job {job.id} without its number of rows.")
    return int(rows)
