"""First pages of several small queries in one call, through Composite."""

from collections.abc import Callable
from functools import partial

import orjson

from connectors.errors import RejectedRequestError
from connectors.salesforce.client import COMPOSITE_QUERIES, SalesforceClient, object_of, query_path
from connectors.salesforce.pages import Page
from connectors.salesforce.query import ObjectQuery

ROWS_IN_ALL = 5_000  # of queries in one call: their answer is one text, held in memory


class Together:
    """The small queries of one run: when the first of them is read, the next ones come in the same call."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._waiting: dict[str, tuple[ObjectQuery, int]] = {}
        self._answers: dict[str, object] = {}

    def clear(self) -> None:
        """Begin a run."""
        self._waiting.clear()
        self._answers.clear()

    def expect(self, query: ObjectQuery, rows: int | None) -> None:
        """A query was planned; `rows` None is a list of unknown, small length."""
        if (rows or 0) <= ROWS_IN_ALL:
            self._waiting[_soql(query)] = query, rows or 0

    def forget(self, query: ObjectQuery) -> None:
        """Its answer is not wanted any more."""
        self._waiting.pop(_soql(query), None)
        self._answers.pop(_soql(query), None)

    def first_page(self, query: ObjectQuery) -> Callable[[], Page] | None:
        """How to get the query's first page with those of others; None if it is not one of them."""
        soql = _soql(query)
        if soql not in self._waiting and soql not in self._answers:
            return None
        return partial(self._take, soql)

    def _take(self, soql: str) -> Page:
        if soql not in self._answers:
            self._read(soql)
        if soql not in self._answers:
            return self._client.query(soql)
        answer = self._answers.pop(soql)
        if isinstance(answer, RejectedRequestError):
            raise answer
        return orjson.dumps(answer), object_of(answer)

    def _read(self, soql: str) -> None:
        _, rows = self._waiting.pop(soql)
        chosen = [soql]
        for other, (_, count) in self._waiting.items():
            if len(chosen) < COMPOSITE_QUERIES and rows + count <= ROWS_IN_ALL:
                chosen.append(other)
                rows += count
        if len(chosen) == 1:
            return
        for other in chosen[1:]:
            del self._waiting[other]
        answers = self._client.read_all([query_path(one) for one in chosen], family="query", at_once=COMPOSITE_QUERIES)
        self._answers.update(zip(chosen, answers, strict=True))


def _soql(query: ObjectQuery) -> str:
    return query.soql(is_ordered=True)
