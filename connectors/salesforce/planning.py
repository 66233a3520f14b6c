"""Which API reads which lane, decided by what it costs in calls; numbers are asked for many objects at once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil

from connectors.errors import RejectedRequestError, UnexpectedReplyError
from connectors.landing import Window
from connectors.salesforce.bulk import job_calls
from connectors.salesforce.calculated import open_or_all
from connectors.salesforce.client import COMPOSITE_QUERIES, SalesforceClient, object_of, query_path
from connectors.salesforce.deletions import SCHEMA as DELETED_SCHEMA
from connectors.salesforce.deletions import DeletionList, log_window, read_deletions
from connectors.salesforce.labels import SCHEMA as LABELS_SCHEMA
from connectors.salesforce.labels import Labels
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import OPTION_LABELS, SalesforceObject
from connectors.salesforce.query import ObjectQuery
from connectors.streams import DEFAULT_OVERLAP, PlanLine, Stream

REST_PAGE_ROWS = 2_000  # the most that a REST page holds (api_rest headers_queryoptions); wide rows come in fewer
REST_PAGES_AT_MOST = 8  # beyond that a Bulk job is cheaper, and its pages are safer to go on from
BULK_CALLS = 4  # create, poll, one page, delete

BULK, REST, DELETE_LOG, ID_LIST, NOTHING = "Bulk 2.0", "REST", "getDeleted", "id list", "nothing new"
DESCRIBE = "describe"
IDS_AT_ONCE = 300  # in one query: its address stays below the limit, quotes cost three characters each
# rough guesses for the plan: small calls take less, and how fast an org writes the pages of a Bulk job differs much
SECONDS_PER_CALL = 2.0
ROWS_PER_SECOND = 5_000


class Planner:
    """Plans one run; `start` forgets the numbers of the run before."""

    def __init__(self, client: SalesforceClient, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata
        self._counts: dict[tuple[str, str], int | None] = {}
        self._deletions: dict[tuple[str, Window], DeletionList | RejectedRequestError | None] = {}
        self._read_whole: set[str] = set()

    def start(self) -> None:
        """Begin a run."""
        self._counts.clear()
        self._deletions.clear()
        self._read_whole.clear()

    def plan(self, stream: Stream, window: Window, clock: datetime) -> PlanLine:
        """The plan of one lane; `clock` is Salesforce's.

        Raises:
            NoAccessError: this user cannot read the object.
        """
        if stream.object_name == OPTION_LABELS.object_name:
            labels = Labels(tuple(self._metadata.labels()))
            return PlanLine(
                stream, window, LABELS_SCHEMA, DESCRIBE, expected_rows=len(labels.rows), calls=0, details=labels
            )
        spec = self._metadata.spec(stream.object_name)
        if stream.lane == "deletes":
            return self._plan_deletions(spec, stream, window, clock)
        if stream.lane == "calculated":
            return self._plan_calculated(spec, stream, window)
        query = ObjectQuery.of(spec, window, self._metadata.select(spec.name))
        if spec.is_listed_whole:
            return _line(stream, query, REST, calls=1)
        if window.lo is None:
            self._read_whole.add(spec.name)
            return self._by_bulk(stream, query, self._count(query))
        return self._by_count(stream, query)

    def plan_ids(self, stream: Stream, window: Window, ids: Sequence[str]) -> PlanLine:
        """The plan of a load of records by their ids, whenever they changed."""
        spec = self._metadata.spec(stream.object_name)
        selection = self._metadata.select(spec.name)
        query = ObjectQuery(spec, window, selection, "ids", tuple(dict.fromkeys(ids)))
        return _line(stream, query, REST, calls=ceil(len(query.ids) / IDS_AT_ONCE))

    def plan_backfill(self, stream: Stream, columns: Sequence[str], window: Window) -> PlanLine:
        """The plan of a load of ids and `columns` of all records stamped before the window's end."""
        spec = self._metadata.spec(stream.object_name)
        selection = self._metadata.select(spec.name).only(columns)
        query = ObjectQuery(spec, window, selection, "all" if spec.is_listed_whole else "until")
        return self._by_count(replace(stream, lane="backfill", mode="patch"), query)

    def _plan_deletions(self, spec: SalesforceObject, stream: Stream, window: Window, clock: datetime) -> PlanLine:
        described = self._metadata.get(spec.name)
        # a stream that asks for the full list of ids must never be given a list of deletions in its place
        is_listed = described.has_delete_log and stream.mode != "presence"
        listed = self._list_deletions(spec, stream, window, clock) if is_listed else None
        if listed is not None:
            return PlanLine(
                stream, window, DELETED_SCHEMA, DELETE_LOG, expected_rows=listed.rows, calls=0, details=listed
            )
        return _line(replace(stream, mode="presence"), ObjectQuery.ids_of(spec, window), ID_LIST, calls=BULK_CALLS)

    def _plan_calculated(self, spec: SalesforceObject, stream: Stream, window: Window) -> PlanLine:
        selection = self._metadata.calculated(spec.name)
        if selection is None:
            self._metadata.get(spec.name)
        query = None if selection is None else open_or_all(spec, window, stream.overlap, selection)
        if spec.name in self._read_whole or query is None:
            # this run reads the whole object, or tonight is not this object's night
            schema = DELETED_SCHEMA if selection is None else selection.schema
            return PlanLine(stream, window, schema, NOTHING, expected_rows=0, calls=0)
        return self._by_count(stream, query)

    def _by_count(self, stream: Stream, query: ObjectQuery) -> PlanLine:
        """REST for a few pages, Bulk for more, nothing for nothing."""
        rows = self._count(query)
        pages = None if rows is None else ceil(rows / REST_PAGE_ROWS)
        if pages is None or pages > REST_PAGES_AT_MOST:
            return self._by_bulk(stream, query, rows)
        return _line(stream, query, REST if rows else NOTHING, expected_rows=rows, calls=pages)

    def _by_bulk(self, stream: Stream, query: ObjectQuery, rows: int | None) -> PlanLine:
        """Bulk, for a number of rows that may be unknown: the org could not count them in time."""
        return _line(stream, query, BULK, expected_rows=rows, calls=BULK_CALLS if rows is None else job_calls(rows))

    def _list_deletions(
        self, spec: SalesforceObject, stream: Stream, window: Window, clock: datetime
    ) -> DeletionList | None:
        """What the delete log says about a window; None if there is a gap in what it still knows."""
        asked = log_window(window, clock, stream.overlap)
        # what is known to be complete already ends here; before that the log may be as silent as it likes
        needed_from = window.hi if window.lo is None else window.lo + stream.overlap
        if asked.lo is None or asked.lo > needed_from:
            return None
        listed = self._ask_log(spec, asked)
        if isinstance(listed, RejectedRequestError):
            raise listed
        return listed if listed is not None and listed.earliest <= needed_from else None

    def _ask_log(self, spec: SalesforceObject, window: Window) -> DeletionList | RejectedRequestError | None:
        """This object's deletions; those of all others in the same window come with it, in the same call."""
        if (spec.name, window) not in self._deletions:
            logged = [
                other.name for other in self._metadata.objects if other.has_delete_log and not other.is_listed_whole
            ]
            names = [name for name in logged if (found := self._metadata.find(name)) and found.has_delete_log]
            answers = read_deletions(self._client, dict.fromkeys(names, window))
            self._deletions.update({(name, window): answer for name, answer in answers.items()})
        return self._deletions[spec.name, window]

    def _count(self, query: ObjectQuery) -> int | None:
        """Rows of a query, None if the org cannot say; those of the next objects come in the same call."""
        key = _count_key(query)
        if key not in self._counts:
            queries = [query, *self._uncounted(query)]
            paths = [query_path(one.count_soql) for one in queries]
            answers = self._client.read_all(paths, family="count", at_once=COMPOSITE_QUERIES)
            for one, answer in zip(queries, answers, strict=True):
                self._counts[_count_key(one)] = _total(answer)
        return self._counts[key]

    def _uncounted(self, asked: ObjectQuery) -> list[ObjectQuery]:
        """What is likely to be counted next, as many as fit into the call."""
        found: list[ObjectQuery] = []
        for query in self._likely(asked.window):
            if _count_key(query) not in self._counts and query != asked:
                found.append(query)
                if len(found) == COMPOSITE_QUERIES - 1:
                    break
        return found

    def _likely(self, window: Window) -> Iterator[ObjectQuery]:
        readable = [spec for spec in self._metadata.objects if self._metadata.find(spec.name)]
        windowed = [spec for spec in readable if not spec.is_listed_whole]
        for spec in windowed:
            yield ObjectQuery.of(spec, window, self._metadata.select(spec.name))
        if window.lo is None:
            return  # a first load reads the computed values with the rows
        for spec in readable:
            selection = self._metadata.calculated(spec.name)
            query = None if selection is None else open_or_all(spec, window, DEFAULT_OVERLAP, selection)
            if query is not None:
                # its lower bound is its own lane's, but the question is the same
                yield query


def _line(stream: Stream, query: ObjectQuery, api: str, *, calls: int, expected_rows: int | None = None) -> PlanLine:
    return PlanLine(
        stream,
        query.window,
        query.schema,
        api,
        expected_rows=expected_rows,
        calls=calls,
        details=query,
        withheld=query.selection.withheld,
        hashed=query.selection.hashed,
        minutes=(calls * SECONDS_PER_CALL + (expected_rows or 0) / ROWS_PER_SECOND) / 60,
    )


def _count_key(query: ObjectQuery) -> tuple[str, str]:
    return query.spec.name, query.count_soql


def _total(answer: object) -> int | None:
    if isinstance(answer, RejectedRequestError):
        return None
    total = object_of(answer).get("totalSize")
    if not isinstance(total, int):
        raise UnexpectedReplyError("Salesforce counted rows without a number; nothing was read.")
    return total
