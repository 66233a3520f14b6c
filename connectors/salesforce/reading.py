"""Fetching what was planned: by a Bulk job or by REST pages, and by the other one where the first will not do."""

from dataclasses import dataclass, field
from math import ceil

from connectors.errors import ConfigurationError, RejectedRequestError
from connectors.landing import OpenLoad, Window
from connectors.salesforce.bulk import BulkJob, BulkQueries, JobFailedError, job_of, land_job
from connectors.salesforce.client import SalesforceClient, object_of, query_path
from connectors.salesforce.deletions import DeletionList
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.pages import land_pages
from connectors.salesforce.planning import BULK, BULK_CALLS, ID_LIST, REST_PAGE_ROWS
from connectors.salesforce.query import ObjectQuery
from connectors.streams import Fetched, PlanLine

PAGES_AFTER_FAILURE = 500  # REST calls that an object may cost whose Bulk jobs fail: a million rows

# queries that REST gives up, and a Bulk job splits
_TOO_MUCH_FOR_REST = frozenset(["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
_Key = tuple[str, str, Window]


@dataclass
class Reader:
    """Fetches the lines of one run, each at most once at a time."""

    client: SalesforceClient
    metadata: Metadata
    bulk: BulkQueries
    _waiting: dict[_Key, ObjectQuery] = field(default_factory=dict)
    _jobs: dict[_Key, BulkJob | RejectedRequestError] = field(default_factory=dict)

    def start(self) -> None:
        """Begin a run."""
        self._waiting.clear()
        self._jobs.clear()

    def expect(self, line: PlanLine) -> None:
        """A line was planned: if it needs a Bulk job, that can be made while others are read."""
        if line.api in (BULK, ID_LIST) and isinstance(line.details, ObjectQuery):
            self._waiting[_key(line)] = line.details

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land everything of a line."""
        if isinstance(line.details, DeletionList):
            return line.details.land(load)
        query = line.details
        if not isinstance(query, ObjectQuery):
            raise ConfigurationError(f"The plan of {line.stream.object_name} was not made by this connector.")
        if line.expected_rows == 0 and load.checkpoint is None:
            return Fetched(expected_rows=0)
        try:
            return self._read(line, query, load)
        except RejectedRequestError as error:
            if error.code != "INVALID_FIELD":
                raise
            self._jobs.pop(_key(line), None)
            now = self.metadata.read_again(query.spec.name)
            return self._read(line, query.without(now.columns), load)

    def _read(self, line: PlanLine, query: ObjectQuery, load: OpenLoad) -> Fetched:
        job = job_of(load.checkpoint)
        is_new = load.checkpoint is None
        if job is None and is_new and line.api in (BULK, ID_LIST):
            job = self._job(line, query)
        if job is not None:
            return self._read_job(line, query, load, job)
        try:
            return land_pages(self.client, query, load)
        except RejectedRequestError as error:
            if error.code not in _TOO_MUCH_FOR_REST or not is_new:
                raise
            load.restart()
            return self._read_job(line, query, load, self.bulk.create(query.soql()))

    def _read_job(self, line: PlanLine, query: ObjectQuery, load: OpenLoad, job: BulkJob) -> Fetched:
        """Land a job's rows; if it fails, those of another one; if that fails too, pages by REST."""
        try:
            return self._land(line, query, load, job)
        except JobFailedError:
            load.restart()
        try:
            return self._land(line, query, load, self.bulk.create(query.soql()))
        except JobFailedError:
            if not self._is_affordable(query):
                raise
            load.restart()
            return land_pages(self.client, query, load)

    def _land(self, line: PlanLine, query: ObjectQuery, load: OpenLoad, job: BulkJob) -> Fetched:
        self._jobs[_key(line)] = job  # if its numbers do not agree, it is read once more
        try:
            fetched = land_job(self.bulk, job, query, load)
        except RejectedRequestError:
            # it failed, or a run that died had deleted it: whoever reads again makes another
            self._jobs.pop(_key(line))
            raise
        self._jobs.pop(_key(line), None)
        self.bulk.delete(job)
        return fetched

    def _job(self, line: PlanLine, query: ObjectQuery) -> BulkJob | None:
        """The line's job; None if Bulk does not serve the object. Jobs of the lines to come are made with it."""
        key = _key(line)
        self._waiting.pop(key, None)
        if key not in self._jobs:
            self._jobs[key] = self._create(query)
            self._create_ahead()
        made = self._jobs[key]
        if isinstance(made, BulkJob):
            return made
        del self._jobs[key]
        if made.code == "INVALIDENTITY":
            return None
        raise made

    def _create_ahead(self) -> None:
        remaining = self.client.remaining_calls
        if remaining is not None and remaining < 2 * BULK_CALLS * len(self._waiting):
            return  # a job that this run cannot read any more would be made in vain
        for key, query in self._waiting.items():
            self._jobs[key] = self._create(query)
        self._waiting.clear()

    def _create(self, query: ObjectQuery) -> BulkJob | RejectedRequestError:
        try:
            return self.bulk.create(query.soql())
        except RejectedRequestError as error:
            return error

    def _is_affordable(self, query: ObjectQuery) -> bool:
        answer = object_of(self.client.get(query_path(query.count_soql), family="count").json())
        pages = ceil(int(answer["totalSize"]) / REST_PAGE_ROWS)
        remaining = self.client.remaining_calls
        return pages <= PAGES_AFTER_FAILURE and (remaining is None or pages <= remaining)


def _key(line: PlanLine) -> _Key:
    return line.stream.object_name, line.stream.lane, line.window
