"""Fetching what was planned: by a Bulk job or by REST pages, and by another way where the first will not do."""

from dataclasses import dataclass, field, replace
from math import ceil

from connectors.errors import ConfigurationError, RejectedRequestError
from connectors.landing import OpenLoad, Window
from connectors.salesforce.bulk import BulkJob, BulkQueries, JobFailedError, JobTooSlowError, job_of
from connectors.salesforce.bulk_landing import land_job
from connectors.salesforce.client import SalesforceClient, object_of, query_path
from connectors.salesforce.column_sets import is_too_complicated, land_column_sets
from connectors.salesforce.deletions import DeletionList
from connectors.salesforce.labels import Labels
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.pages import CURSOR_GONE, land_pages, land_records
from connectors.salesforce.planning import BULK, BULK_CALLS, ID_LIST, IDS_AT_ONCE, REST, REST_PAGE_ROWS
from connectors.salesforce.query import ObjectQuery
from connectors.salesforce.splitting import TOO_MUCH, can_be_halved, land_halves
from connectors.salesforce.together import Together
from connectors.streams import Fetched, PlanLine

PAGES_AFTER_FAILURE = 500  # REST calls that an object may cost whose Bulk jobs fail: a million rows

# the allowance of query jobs in 24 hours is used up
_NO_JOBS_LEFT = frozenset(["EXCEEDEDQUOTA", "EXCEEDED_QUOTA"])
_Key = tuple[str, str, Window, str]


@dataclass
class Reader:
    """Fetches the lines of one run, each at most once at a time."""

    client: SalesforceClient
    metadata: Metadata
    bulk: BulkQueries
    _waiting: dict[_Key, ObjectQuery] = field(default_factory=dict)
    _jobs: dict[_Key, BulkJob | RejectedRequestError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._together = Together(self.client)

    def start(self) -> None:
        """Begin a run."""
        self._waiting.clear()
        self._jobs.clear()
        self._together.clear()
        self.bulk.allowance.start()

    def expect(self, line: PlanLine) -> None:
        """A line was planned: its Bulk job can be made while others are read, or its page be read with theirs."""
        if line.api in (BULK, ID_LIST) and isinstance(line.details, ObjectQuery):
            self._waiting[_key(line)] = line.details
        if line.api == REST and isinstance(line.details, ObjectQuery) and line.details.filter != "ids":
            self._together.expect(line.details, line.expected_rows)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land everything of a line."""
        if isinstance(line.details, DeletionList | Labels):
            return line.details.land(load)
        if line.expected_rows == 0 and load.checkpoint is None:
            return Fetched(expected_rows=0)
        query = line.details
        if not isinstance(query, ObjectQuery):
            raise ConfigurationError(f"The plan of {line.stream.object_name} was not made by this connector.")
        try:
            return self._read(line, query, load)
        except RejectedRequestError as error:
            if error.code != "INVALID_FIELD":
                raise
            return self._read(line, self._without_vanished(line, query, load), load)

    def _without_vanished(self, line: PlanLine, query: ObjectQuery, load: OpenLoad) -> ObjectQuery:
        """A field went since it was described: the query without it, and a load that says so."""
        self._jobs.pop(_key(line), None)
        self._together.forget(query)
        now = query.without(self.metadata.read_again(query.spec.name).columns)
        if load.parts:
            load.restart()
        load.request = replace(load.request, withheld=now.selection.withheld)
        return now

    def _read(self, line: PlanLine, query: ObjectQuery, load: OpenLoad) -> Fetched:
        if query.filter == "ids":
            return land_records(self.client, query, load, at_once=IDS_AT_ONCE)
        if load.checkpoint is not None and load.checkpoint.get("is_split"):
            load.restart()  # halves leave no place to go on from
        is_by_job = line.api in (BULK, ID_LIST) or job_of(load.checkpoint) is not None
        try:
            return self._read_at_once(line, query, load)
        except RejectedRequestError as error:
            if not is_too_complicated(error):
                raise
            load.restart()
            return land_column_sets(self.client, self.bulk if is_by_job else None, query, load)

    def _read_at_once(self, line: PlanLine, query: ObjectQuery, load: OpenLoad) -> Fetched:
        job = job_of(load.checkpoint)
        is_new = load.checkpoint is None
        if job is None and is_new and line.api in (BULK, ID_LIST):
            job = self._job(line, query)
        if job is not None:
            return self._read_job(line, query, load, job)
        try:
            return land_pages(self.client, query, load, self._together.first_page(query))
        except RejectedRequestError as error:
            if error.code not in TOO_MUCH:
                raise
            load.restart()
            return self._read_less_at_once(line, query, load)

    def _read_less_at_once(self, line: PlanLine, query: ObjectQuery, load: OpenLoad) -> Fetched:
        """REST gave the query up: by halves of its window, and where they are too much as well, by a job."""
        if can_be_halved(query):
            try:
                return land_halves(self.client, query, load)
            except RejectedRequestError as error:
                if error.code not in TOO_MUCH:
                    raise
                load.restart()
        return self._read_job(line, query, load, self.bulk.create(query.soql()))

    def _read_job(self, line: PlanLine, query: ObjectQuery, load: OpenLoad, job: BulkJob) -> Fetched:
        """Land a job's rows; if it fails, those of another one; if that fails too, pages by REST."""
        try:
            return self._land(line, query, load, job)
        except JobTooSlowError:
            if not self._is_affordable(query):
                raise
            self._jobs.pop(_key(line), None)
            self.bulk.abort(job)
            load.restart()
            return land_pages(self.client, query, load)
        except RejectedRequestError as error:
            if is_too_complicated(error) or not _is_job_lost(error):
                raise
            load.restart()
        try:
            return self._land(line, query, load, self.bulk.create(query.soql()))
        except JobFailedError as error:
            if is_too_complicated(error) or not self._is_affordable(query):
                raise
            load.restart()
        return self._read_instead_of_job(query, load)

    def _read_instead_of_job(self, query: ObjectQuery, load: OpenLoad) -> Fetched:
        try:
            return land_pages(self.client, query, load)
        except RejectedRequestError as error:
            if error.code not in TOO_MUCH or not can_be_halved(query):
                raise
            load.restart()
            return land_halves(self.client, query, load)

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
        if made.code == "INVALIDENTITY" or (made.code in _NO_JOBS_LEFT and self._is_affordable(query)):
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


def _is_job_lost(error: RejectedRequestError) -> bool:
    """Whether another job may have what this one has not: it failed, or its results cannot be read on."""
    return isinstance(error, JobFailedError) or error.code in CURSOR_GONE


def _key(line: PlanLine) -> _Key:
    key = line.details.key if isinstance(line.details, ObjectQuery) else ""
    return line.stream.object_name, line.stream.lane, line.window, key
