"""Queries that are too much at once: their window is halved until each half is served."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.errors import RejectedRequestError
from connectors.landing import OpenLoad, Window
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.pages import Page, each_page, fresh_spool
from connectors.salesforce.query import ObjectQuery
from connectors.streams import Fetched

TOO_MUCH = frozenset(["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
NARROWEST = timedelta(minutes=1)
FOUNDED = datetime(1999, 3, 8, tzinfo=UTC)  # of Salesforce: where a window without a beginning is thought to begin


def land_halves(client: SalesforceClient, query: ObjectQuery, load: OpenLoad) -> Fetched:
    """Land a window by halves, each halved again where it is too much; without checkpoints.

    Raises:
        RejectedRequestError: even a minute is too much.
    """
    for half in halves(query):
        for body, _ in _pages(client, half):
            spool = fresh_spool(load, "json")
            spool.write_bytes(body)
            load.land(query.json_rows(spool), query.record, checkpoint={"is_split": True})
            spool.unlink()
    return Fetched(expected_rows=load.rows_landed)


def can_be_halved(query: ObjectQuery) -> bool:
    """Whether its window can be made smaller."""
    return query.filter == "window" and query.window.hi - (query.window.lo or FOUNDED) > 2 * NARROWEST


def halves(query: ObjectQuery) -> tuple[ObjectQuery, ObjectQuery]:
    """The two halves of its window, the older one first."""
    window = query.window
    lower = window.lo or min(FOUNDED, window.hi - 2 * NARROWEST)
    middle = lower + (window.hi - lower) / 2
    # both CRM and SOQL know milliseconds
    middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    return replace(query, window=Window(window.lo, middle)), replace(query, window=Window(middle, window.hi))


def _pages(client: SalesforceClient, query: ObjectQuery) -> Iterator[Page]:
    pages = each_page(client, query)
    try:
        first = next(pages)
    except RejectedRequestError as error:
        if error.code not in TOO_MUCH or not can_be_halved(query):
            raise
        for half in halves(query):
            yield from _pages(client, half)
        return
    yield first
    yield from pages
