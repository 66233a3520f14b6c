"""REST queries page by page: each page a part, and its cursor the checkpoint."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from connectors.errors import RejectedRequestError, UnexpectedReplyError
from connectors.landing import Checkpoint, OpenLoad, parse_utc
from connectors.salesforce.client import SalesforceClient, page_of
from connectors.salesforce.query import ObjectQuery, Position
from connectors.streams import Fetched

Page = tuple[bytes, dict[str, Any]]
"""A page's bytes, and the same parsed."""

# a cursor lives two days, and a user may have only so many of them
# each page has a file name of its own: a load mends bytes that are no text once per name
_NUMBERS = count()
CURSOR_GONE = frozenset(["INVALID_QUERY_LOCATOR", "INVALIDQUERYLOCATOR"])


def land_pages(
    client: SalesforceClient, query: ObjectQuery, load: OpenLoad, first: Callable[[], Page] | None = None
) -> Fetched:
    """Land every page of the query, going on from the checkpoint of `load`; `first` gives the first page of a new one.

    A cursor that is gone is given up for a new query that begins behind the last row landed.
    """
    checkpoint = load.checkpoint
    if checkpoint is not None and checkpoint.get("is_complete"):
        return Fetched(expected_rows=_expected(checkpoint))
    if checkpoint is None or "next" not in checkpoint:
        body, page = first() if first else client.query(query.soql(is_ordered=True))
        expected = load.rows_landed + int(page["totalSize"])
    else:
        expected = _expected(checkpoint)
        body, page, expected = _continued(client, query, load.rows_landed, checkpoint, expected)
    while True:
        spool = fresh_spool(load, "json")
        spool.write_bytes(body)
        following = _following(query, page)
        mark = {
            "next": following,
            "expected": expected,
            "is_complete": not following,
            **_last_row(query, page),
        }
        load.land(query.json_rows(spool), query.record, checkpoint=mark)
        spool.unlink()
        if not following:
            return Fetched(expected_rows=expected)
        body, page, expected = _continued(client, query, load.rows_landed, mark, expected)


def fresh_spool(load: OpenLoad, suffix: str) -> Path:
    """A place for one page on its way to a part."""
    return load.spool(f"page-{next(_NUMBERS)}.{suffix}")


def each_page(client: SalesforceClient, query: ObjectQuery) -> Iterator[Page]:
    """Every page of a query, one after the other, without checkpoints."""
    body, page = client.query(query.soql(is_ordered=True))
    while True:
        yield body, page
        following = _following(query, page)
        if not following:
            return
        body, page, _ = _continued(client, query, 0, {"next": following, **_last_row(query, page)}, 0)


def land_records(client: SalesforceClient, query: ObjectQuery, load: OpenLoad, *, at_once: int) -> Fetched:
    """Land the records that a query names by their ids."""
    if load.parts:
        load.restart()
    for first in range(0, len(query.ids), at_once):
        for body, _ in each_page(client, replace(query, ids=query.ids[first : first + at_once])):
            spool = fresh_spool(load, "json")
            spool.write_bytes(body)
            load.land(query.json_rows(spool), query.record)
            spool.unlink()
    return Fetched(expected_rows=load.rows_landed)


def _following(query: ObjectQuery, page: dict[str, Any]) -> str:
    """Address of the next page, "" behind the last."""
    following = page.get("nextRecordsUrl")
    if not following and not page.get("done"):
        raise UnexpectedReplyError(
            f"Salesforce sent a page of {query.spec.name} that is neither the last nor names the next one."
        )
    return str(following or "")


def _continued(
    client: SalesforceClient, query: ObjectQuery, rows_landed: int, mark: Checkpoint, expected: int
) -> tuple[bytes, dict[str, Any], int]:
    """The page behind a checkpoint, and how many rows there are in all."""
    try:
        body, page = page_of(client.follow(str(mark["next"]), family="query_more"))
    except RejectedRequestError as error:
        position = _position(mark)
        if error.code not in CURSOR_GONE or position is None:
            raise
        body, page = client.query(query.soql(is_ordered=True, after=position))
        return body, page, rows_landed + int(page["totalSize"])
    return body, page, expected


def _expected(checkpoint: Checkpoint | None) -> int:
    return int((checkpoint or {}).get("expected") or 0)


def _last_row(query: ObjectQuery, page: dict[str, Any]) -> dict[str, str | None]:
    """Stamp and id of the last row of an ordered page; empty if there is none to go on from."""
    records = page.get("records")
    if not isinstance(records, list) or not records:
        return {}
    stamp = records[-1].get(query.spec.stamp)
    return {
        "id": records[-1].get("Id"),
        "stamp": datetime.fromisoformat(stamp).isoformat() if isinstance(stamp, str) else None,
    }


def _position(mark: Checkpoint) -> Position | None:
    if not mark.get("id"):
        return None
    stamp = mark.get("stamp")
    return Position(str(mark["id"]), parse_utc(stamp) if isinstance(stamp, str) else None)
