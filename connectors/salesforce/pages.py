"""REST queries page by page: each page a part, and its cursor the checkpoint."""

from datetime import datetime
from typing import Any

from connectors.errors import RejectedRequestError, UnexpectedReplyError
from connectors.landing import Checkpoint, OpenLoad, parse_utc
from connectors.salesforce.client import SalesforceClient, page_of
from connectors.salesforce.query import ObjectQuery
from connectors.streams import Fetched


def land_pages(client: SalesforceClient, query: ObjectQuery, load: OpenLoad) -> Fetched:
    """Land every page of the query, going on from the checkpoint of `load`.

    A cursor that is too old (two days) is given up for a new query from the last stamp landed. Rows with that very
    stamp come twice then, and are counted so; the merge takes them once.
    """
    checkpoint = load.checkpoint
    if checkpoint is not None and checkpoint.get("is_complete"):
        return Fetched(expected_rows=_expected(checkpoint))
    body, page = _first_page(client, query, checkpoint)
    expected = _expected(checkpoint)
    if checkpoint is None or not page.get("_is_continued"):
        expected = load.rows_landed + int(page["totalSize"])
    while True:
        spool = load.spool("page.json")
        spool.write_bytes(body)
        following = page.get("nextRecordsUrl")
        if not following and not page.get("done"):
            raise UnexpectedReplyError(
                f"Salesforce sent a page of {query.spec.name} that is neither the last nor names the next one."
            )
        mark = {
            "next": following,
            "expected": expected,
            "is_complete": not following,
            "stamp": _last_stamp(query, page),
        }
        load.land(query.json_rows(spool), query.record, checkpoint=mark)
        spool.unlink()
        if not following:
            return Fetched(expected_rows=expected)
        body, page = page_of(client.follow(str(following), family="query_more"))


def _first_page(
    client: SalesforceClient, query: ObjectQuery, checkpoint: Checkpoint | None
) -> tuple[bytes, dict[str, Any]]:
    if checkpoint is None or "next" not in checkpoint:
        return client.query(query.soql(is_ordered=True))
    try:
        body, page = page_of(client.follow(str(checkpoint["next"]), family="query_more"))
    except RejectedRequestError as error:
        if error.code != "INVALID_QUERY_LOCATOR" or not checkpoint.get("stamp"):
            raise
        return client.query(query.soql(is_ordered=True, since=parse_utc(str(checkpoint["stamp"]))))
    return body, {**page, "_is_continued": True}


def _expected(checkpoint: Checkpoint | None) -> int:
    return int((checkpoint or {}).get("expected") or 0)


def _last_stamp(query: ObjectQuery, page: dict[str, Any]) -> str | None:
    """Stamp of the last row of an ordered page; None if there is none to go on from."""
    records = page.get("records")
    stamp = records[-1].get(query.spec.stamp) if isinstance(records, list) and records else None
    return datetime.fromisoformat(stamp).isoformat() if isinstance(stamp, str) else None
