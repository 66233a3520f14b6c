"""Records that are gone: getDeleted for all objects in one call, and how its answers are landed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

import orjson

from connectors.errors import RejectedRequestError, UnexpectedReplyError
from connectors.landing import OpenLoad, RecordRule, Window, parse_utc
from connectors.salesforce.client import SalesforceClient, object_of
from connectors.salesforce.query import soql_time
from connectors.schema import TableSchema, json_source
from connectors.streams import Fetched

LOG_DAYS = timedelta(days=15)  # getDeleted looks no further back (api_rest resources_getdeleted)
LOG_MARGIN = timedelta(hours=1)  # the clock goes on between our reading of it and the request

SCHEMA = TableSchema.of({"Id": "VARCHAR"})
_RECORD = RecordRule(record_id="id", modified_at='"deletedDate"', is_deleted="true", deleted_at='"deletedDate"')
# the log cannot answer for this window: the ids of the object have to be compared instead
_BEYOND_LOG = frozenset(["INVALID_REPLICATION_DATE"])
_TOO_MANY = "EXCEEDED_ID_LIMIT"  # more than 600,000 in one window
NARROWEST = timedelta(minutes=10)  # a window with so many deletions is not halved any more: the ids are compared
DELETED_SPAN = timedelta(days=1)  # what a probe looks at


@dataclass(frozen=True)
class DeletionList:
    """getDeleted's answer for one object: deletions from `earliest` to `covered_until`."""

    body: bytes
    rows: int
    earliest: datetime
    covered_until: datetime

    def followed_by(self, later: "DeletionList", at: datetime) -> "DeletionList":
        """This list, and the one of the time from `at` on; complete until where the first of them is not."""
        covered = later.covered_until if self.covered_until >= at else self.covered_until
        records = [*orjson.loads(self.body)["deletedRecords"], *orjson.loads(later.body)["deletedRecords"]]
        return DeletionList(orjson.dumps({"deletedRecords": records}), len(records), self.earliest, covered)

    def land(self, load: OpenLoad) -> Fetched:
        """Land the deletions as tombstones."""
        if self.rows and not load.parts:
            spool = load.spool("deleted.json")
            spool.write_bytes(self.body)
            source = json_source([spool], {"id": "VARCHAR", "deletedDate": "TIMESTAMP"}, records="deletedRecords")
            load.land(source, _RECORD)
        return Fetched(expected_rows=self.rows, covered_until=self.covered_until)


def log_window(window: Window, clock: datetime, overlap: timedelta) -> Window:
    """The part of a window that the delete log can still answer for; a first one looks back by `overlap`."""
    wanted = window.lo if window.lo is not None else window.hi - overlap
    return Window(max(wanted, clock - LOG_DAYS + LOG_MARGIN), window.hi)


def read_deletions(
    client: SalesforceClient, names: Mapping[str, Window]
) -> dict[str, DeletionList | RejectedRequestError | None]:
    """Deletions of the objects named, each in its window, in one call.

    None if the log cannot answer for a window, an error if it cannot be asked about an object at all.
    """
    paths = [_path(name, window) for name, window in names.items()]
    answers = client.read_all(paths, family="deleted")
    found: dict[str, DeletionList | RejectedRequestError | None] = {}
    for (name, window), path, answer in zip(names.items(), paths, answers, strict=True):
        body = answer
        if isinstance(body, RejectedRequestError) and body.code not in (*_BEYOND_LOG, _TOO_MANY):
            # an org may refuse getDeleted as a part of Composite, and serve it alone
            body = client.try_get(path, family="deleted")
        if isinstance(body, RejectedRequestError) and body.code == _TOO_MANY:
            found[name] = _by_halves(client, name, window)
        elif isinstance(body, RejectedRequestError):
            found[name] = None if body.code in _BEYOND_LOG else body
        else:
            found[name] = _deletion_list(body)
    return found


def deleted_path(name: str, start: datetime, end: datetime) -> str:
    """The address of an object's deletions."""
    return f"/sobjects/{name}/deleted/?{urlencode({'start': soql_time(start), 'end': soql_time(end)})}"


def _by_halves(client: SalesforceClient, name: str, window: Window) -> DeletionList | None:
    """A list with more ids than one answer may hold, by halves of its window; None if the log cannot answer."""
    if window.lo is None or window.hi - window.lo <= NARROWEST:
        return None
    # getDeleted looks at whole minutes
    middle = (window.lo + (window.hi - window.lo) / 2).replace(second=0, microsecond=0)
    merged: DeletionList | None = None
    for half in (Window(window.lo, middle), Window(middle, window.hi)):
        answer = client.try_get(_path(name, half), family="deleted")
        if isinstance(answer, RejectedRequestError):
            listed = _by_halves(client, name, half) if answer.code == _TOO_MANY else None
        else:
            listed = _deletion_list(answer)
        if listed is None:
            return None
        merged = listed if merged is None else merged.followed_by(listed, middle)
    return merged


def _path(name: str, window: Window) -> str:
    if window.lo is None:
        raise UnexpectedReplyError(f"The deletions of {name} were asked for without a beginning; nothing was read.")
    return deleted_path(name, window.lo, window.hi)


def _deletion_list(answer: object) -> DeletionList:
    body = object_of(answer)
    try:
        records = body["deletedRecords"]
        earliest, covered = parse_utc(body["earliestDateAvailable"]), parse_utc(body["latestDateCovered"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedReplyError(
            "Salesforce listed deletions without saying which time they cover; nothing of it was used."
        ) from error
    return DeletionList(orjson.dumps({"deletedRecords": records}), len(records), earliest, covered)
