"""A Bulk job's rows, landed a page a part: pages come side by side and are landed in their order.

```
resultPages ─► address 1 ─┐
               address 2 ─┼─► files ─► part 0, part 1, … each with the locator of the page behind it
               address 3 ─┘
```
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from connectors.errors import CountMismatchError, RejectedRequestError, UnexpectedReplyError
from connectors.landing import OpenLoad
from connectors.salesforce.bulk import PAGES_AT_ONCE, BulkJob, BulkQueries, job_of
from connectors.salesforce.pages import fresh_spool
from connectors.salesforce.query import ObjectQuery
from connectors.streams import Fetched


@dataclass(frozen=True)
class _Page:
    """A page in a file; `following` is the locator of the page behind it, "" for the last."""

    file: Path
    following: str
    rows: int


def land_job(queries: BulkQueries, job: BulkJob, query: ObjectQuery, load: OpenLoad) -> Fetched:
    """Land a job's rows from where `load` is, page by page.

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
            for page in pages.each(locator, expected):
                mark = {**_checkpoint(job, page.following), "is_complete": not page.following, "rows": expected}
                part = load.land(query.csv_rows(page.file), query.record, checkpoint=mark)
                page.file.unlink()
                if part.rows != page.rows:
                    raise CountMismatchError(
                        f"Salesforce announced {page.rows} rows in a page of Bulk job {job.id} ({query.spec.name}) "
                        f"and sent {part.rows}. Nothing was committed.",
                        expected=page.rows,
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
    """The pages of a job in order, those to come downloaded while one is landed."""

    def __init__(self, queries: BulkQueries, job: BulkJob, load: OpenLoad) -> None:
        self._queries = queries
        self._job = job
        self._load = load
        self._workers = ThreadPoolExecutor(max_workers=PAGES_AT_ONCE, thread_name_prefix="bulk-page")

    def __enter__(self) -> "_PagesAhead":
        return self

    def __exit__(self, *_: object) -> None:
        # pages on their way are waited for: nothing may write to the load's folder behind our back
        self._workers.shutdown(wait=True, cancel_futures=True)

    def each(self, locator: str, rows: int) -> Iterator[_Page]:
        """The pages from the one at `locator` on ("" is the first) of a job of `rows` rows."""
        at_once = self._queries.pages_at_once(rows, rows - self._load.rows_landed)
        listed = self._listed_from(locator) if at_once > 1 else None
        return self._each_in_turn(locator) if listed is None else self._each_listed(listed, at_once)

    def _each_in_turn(self, locator: str) -> Iterator[_Page]:
        """Each page names the next one, which comes while it is landed."""
        coming = self._workers.submit(self._read, locator, fresh_spool(self._load, "csv"))
        while True:
            page = coming.result()
            if page.following:
                coming = self._workers.submit(self._read, page.following, fresh_spool(self._load, "csv"))
            yield page
            if not page.following:
                return

    def _each_listed(self, addresses: Iterator[str], at_once: int) -> Iterator[_Page]:
        coming: deque[Future[_Page]] = deque()
        for address, following in pairwise(chain(addresses, [""])):
            spool = fresh_spool(self._load, "csv")
            coming.append(self._workers.submit(self._read_listed, address, _locator(following), spool))
            if len(coming) == at_once:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()

    def _listed_from(self, locator: str) -> Iterator[str] | None:
        """The listed addresses from `locator` on; None if the org does not list them, or not that one."""
        addresses = self._queries.page_addresses(self._job)
        try:
            first = next((one for one in addresses if not locator or _locator(one) == locator), None)
        except RejectedRequestError:
            return None
        return None if first is None else chain([first], addresses)

    def _read(self, locator: str, spool: Path) -> _Page:
        following, rows = self._queries.read_page(self._job, locator, spool)
        return _Page(spool, following, rows)

    def _read_listed(self, address: str, following: str, spool: Path) -> _Page:
        return _Page(spool, following, self._queries.read_listed_page(self._job, address, spool))


def _locator(address: str) -> str:
    """The locator in a page's address, "" for no address."""
    if not address:
        return ""
    found = parse_qs(urlsplit(address).query).get("locator")
    if not found:
        raise UnexpectedReplyError("Salesforce listed a page of a Bulk result without its locator; nothing was read.")
    return found[0]


def _checkpoint(job: BulkJob, locator: str) -> dict[str, str | int | float | bool | None]:
    return {"job": job.id, "version": job.version, "locator": locator}


def _no_rows(query: ObjectQuery) -> str:
    nulls = ", ".join(f'cast(null as {column.duckdb_type}) as "{column.name}"' for column in query.schema.columns)
    return f"(select {nulls} limit 0)"
