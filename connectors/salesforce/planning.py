"""Which API reads which lane, decided by what it costs in calls; numbers are asked for many objects at once."""

from dataclasses import replace
from datetime import datetime
from math import ceil

from connectors.errors import RejectedRequestError, UnexpectedReplyError
from connectors.landing import Window
from connectors.salesforce.client import COMPOSITE_QUERIES, SalesforceClient, object_of, query_path
from connectors.salesforce.deletions import SCHEMA as DELETED_SCHEMA
from connectors.salesforce.deletions import DeletionList, log_window, read_deletions
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import OBJECTS, SalesforceObject
from connectors.salesforce.query import ObjectQuery
from connectors.streams import PlanLine, Stream

REST_PAGE_ROWS = 2_000  # the most that a REST page holds (api_rest headers_queryoptions); wide rows come in fewer
REST_PAGES_AT_MOST = 8  # beyond that a Bulk job is cheaper, and its pages are safer to go on from
BULK_CALLS = 4  # create, poll, one page, delete

BULK, REST, DELETE_LOG, ID_LIST, NOTHING = "Bulk 2.0", "REST", "getDeleted", "id list", "nothing new"


class Planner:
    """Plans one run; `start` forgets the numbers of the run before."""

    def __init__(self, client: SalesforceClient, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata
        self._counts: dict[tuple[str, Window], int | None] = {}
        self._deletions: dict[tuple[str, Window], DeletionList | RejectedRequestError | None] = {}

    def start(self) -> None:
        """Begin a run."""
        self._counts.clear()
        self._deletions.clear()

    def plan(self, spec: SalesforceObject, stream: Stream, window: Window, clock: datetime) -> PlanLine:
        """The plan of one lane; `clock` is Salesforce's.

        Raises:
            NoAccessError: this user cannot read the object.
        """
        described = self._metadata.get(spec.name)
        if stream.lane == "deletes":
            listed = self._list_deletions(spec, stream, window, clock) if described.has_delete_log else None
            if listed is not None:
                return PlanLine(
                    stream, window, DELETED_SCHEMA, DELETE_LOG, expected_rows=listed.rows, calls=0, details=listed
                )
            ids = ObjectQuery.ids_of(spec, window)
            sweep = replace(stream, mode="presence")
            return PlanLine(sweep, window, ids.schema, ID_LIST, calls=BULK_CALLS, details=ids)
        query = ObjectQuery.of(spec, window, described.columns)
        if spec.is_listed_whole:
            return PlanLine(stream, window, query.schema, REST, calls=1, details=query)
        if window.lo is None:
            return PlanLine(stream, window, query.schema, BULK, calls=BULK_CALLS, details=query)
        rows = self._count(query)
        if rows is None:
            return PlanLine(stream, window, query.schema, BULK, calls=BULK_CALLS, details=query)
        pages = ceil(rows / REST_PAGE_ROWS)
        api = NOTHING if rows == 0 else REST if pages <= REST_PAGES_AT_MOST else BULK
        calls = BULK_CALLS if api == BULK else pages
        return PlanLine(stream, window, query.schema, api, expected_rows=rows, calls=calls, details=query)

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
            logged = [other.name for other in OBJECTS if other.has_delete_log and not other.is_listed_whole]
            names = [name for name in logged if (found := self._metadata.find(name)) and found.has_delete_log]
            answers = read_deletions(self._client, dict.fromkeys(names, window))
            self._deletions.update({(name, window): answer for name, answer in answers.items()})
        return self._deletions[spec.name, window]

    def _count(self, query: ObjectQuery) -> int | None:
        """Rows of the window, None if the org cannot say; those of the next objects come in the same call."""
        key = (query.spec.name, query.window)
        if key not in self._counts:
            queries = [query, *self._uncounted(query)]
            paths = [query_path(one.count_soql) for one in queries]
            answers = self._client.read_all(paths, family="count", at_once=COMPOSITE_QUERIES)
            for one, answer in zip(queries, answers, strict=True):
                self._counts[one.spec.name, one.window] = _total(answer)
        return self._counts[key]

    def _uncounted(self, query: ObjectQuery) -> list[ObjectQuery]:
        found: list[ObjectQuery] = []
        for spec in OBJECTS:
            described = self._metadata.find(spec.name)
            is_known = spec == query.spec or (spec.name, query.window) in self._counts
            if spec.is_listed_whole or described is None or is_known:
                continue
            found.append(ObjectQuery.of(spec, query.window, described.columns))
        return found[: COMPOSITE_QUERIES - 1]


def _total(answer: object) -> int | None:
    if isinstance(answer, RejectedRequestError):
        return None
    total = object_of(answer).get("totalSize")
    if not isinstance(total, int):
        raise UnexpectedReplyError("Salesforce counted rows without a number; nothing was read.")
    return total
