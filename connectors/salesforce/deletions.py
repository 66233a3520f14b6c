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
_BEYOND_LOG = frozenset(["INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT"])


@dataclass(frozen=True)
class DeletionList:
    """getDeleted's answer for one object: deletions from `earliest` to `covered_until`."""

    body: bytes
    rows: int
    earliest: datetime
    covered_until: datetime

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
    for name, path, answer in zip(names, paths, answers, strict=True):
        body = answer
        if isinstance(body, RejectedRequestError) and body.code not in _BEYOND_LOG:
            # an org may refuse getDeleted as a part of Composite, and serve it alone
            body = client.try_get(path, family="deleted")
        if isinstance(body, RejectedRequestError):
            found[name] = None if body.code in _BEYOND_LOG else body
        else:
            found[name] = _deletion_list(body)
    return found


def _path(name: str, window: Window) -> str:
    if window.lo is None:
        raise UnexpectedReplyError(f"The deletions of {name} were asked for without a beginning; nothing was read.")
    asked = {"start": soql_time(window.lo), "end": soql_time(window.hi)}
    return f"/sobjects/{name}/deleted/?{urlencode(asked)}"


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
