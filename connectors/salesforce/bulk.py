"""Bulk API 2.0 query jobs: made, awaited, read page by page, deleted; and their rows landed, a page a part."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from connectors.errors import CountMismatchError, RejectedRequestError, TransientError, UnexpectedReplyError
from connectors.landing import Checkpoint, OpenLoad
from connectors.salesforce.client import SalesforceClient, object_of
from connectors.salesforce.pages import fresh_spool
from connectors.salesforce.query import ObjectQuery
from connectors.streams import Fetched

PAGE_ROWS = 100_000  # rows per result page: what a crash costs at most, against one call each
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
        self._page_rows = page_rows
        self._patience = patience
        self._sleep = sleep

    def create(self, soql: str) -> BulkJob:
        """Start a job over all rows, deleted and archived ones too.

        Raises:
            RejectedRequestError: code INVALIDENTITY if Bulk does not serve the object.
        """
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
        asked = {"maxRecords": str(self._page_rows), **({"locator": locator} if locator else {})}
        reply = self._client.download(
            f"{job.path}/results?{urlencode(asked)}", spool, family="bulk_results", version=job.version
        )
        following = reply.headers.get("Sforce-Locator", "null")
        rows = reply.headers.get("Sforce-NumberOfRecords", "")
        if not rows.isdigit():
            raise UnexpectedReplyError(f"Salesforce sent a page of Bulk job {job.id} without its number of rows.")
        return "" if following == "null" else following, int(rows)

    def abort(self, job: BulkJob) -> None:
        """Stop a job that nobody waits for any more, and remove it."""
        with suppress(RejectedRequestError, TransientError):
            self._client.patch(job.path, {"state": "Aborted"}, family="bulk_abort", version=job.version)
        self.delete(job)

    def delete(self, job: BulkJob) -> None:
        """Remove a finished job and its results. One that cannot be removed expires by itself after seven days."""
        with suppress(RejectedRequestError, TransientError):
            self._client.delete(job.path, family="bulk_delete", version=job.version)


def land_job(queries: BulkQueries, job: BulkJob, query: ObjectQuery, load: OpenLoad) -> Fetched:
    """Land a job's rows from where `load` is, page by page, and delete the job.

    Raises:
        JobFailedError: Salesforce gave the job up.
        CountMismatchError: a page held another number of rows than its header says, or all pages than the job.
    """
    if job_of(load.checkpoint) is None:
        # a part without rows, so that a run which finds this load knows the job
        load.land(_no_rows(query), query.record, checkpoint=_checkpoint(job, ""))
    checkpoint = load.checkpoint or {}
    locator, is_complete = str(checkpoint.get("locator") or ""), bool(checkpoint.get("is_complete"))
    expected = int(checkpoint["rows"] or 0) if is_complete else queries.wait(job)
    if expected and not is_complete:
        with _PagesAhead(queries, job, load) as pages:
            for spool, following, rows in pages.each(locator):
                mark = {**_checkpoint(job, following), "is_complete": not following, "rows": expected}
                part = load.land(query.csv_rows(spool), query.record, checkpoint=mark)
                spool.unlink()
                if part.rows != rows:
                    raise CountMismatchError(
                        f"Salesforce announced {rows} rows in a page of Bulk job {job.id} ({query.spec.name}) and sent "
                        f"{part.rows}. Nothing was committed.",
                        expected=rows,
                        landed=part.rows,
                    )
    if load.rows_landed != expected:
        raise CountMismatchError(
            f"Salesforce announced {expected} rows of Bulk job {job.id} ({query.spec.name}) and sent "
            f"{load.rows_landed}. Nothing was committed.",
            expected=expected,
            landed=load.rows_landed,
        )
    return Fetched(expected_rows=expected)


class _PagesAhead:
    """The pages of a job in order, each downloaded while the one before it is landed."""

    def __init__(self, queries: BulkQueries, job: BulkJob, load: OpenLoad) -> None:
        self._queries = queries
        self._job = job
        self._load = load
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk-page")

    def __enter__(self) -> "_PagesAhead":
        return self

    def __exit__(self, *_: object) -> None:
        # the page on its way is waited for: nothing may write to the load's folder behind our back
        self._worker.shutdown(wait=True, cancel_futures=True)

    def each(self, locator: str) -> Iterator[tuple[Path, str, int]]:
        """(file, locator of the page behind it, rows) from the page at `locator` on."""
        coming = self._begin(locator)
        while True:
            spool, following, rows = coming.result()
            if following:
                coming = self._begin(following)
            yield spool, following, rows
            if not following:
                return

    def _begin(self, locator: str) -> Future[tuple[Path, str, int]]:
        return self._worker.submit(self._read, locator, fresh_spool(self._load, "csv"))

    def _read(self, locator: str, spool: Path) -> tuple[Path, str, int]:
        following, rows = self._queries.read_page(self._job, locator, spool)
        return spool, following, rows


def job_of(checkpoint: Checkpoint | None) -> BulkJob | None:
    """The job that a load was being read from; None if it was not."""
    if checkpoint is None or "job" not in checkpoint:
        return None
    return BulkJob(str(checkpoint["job"]), str(checkpoint["version"]))


def _checkpoint(job: BulkJob, locator: str) -> dict[str, str | int | float | bool | None]:
    return {"job": job.id, "version": job.version, "locator": locator}


def _no_rows(query: ObjectQuery) -> str:
    nulls = ", ".join(f'cast(null as {column.duckdb_type}) as "{column.name}"' for column in query.schema.columns)
    return f"(select {nulls} limit 0)"
