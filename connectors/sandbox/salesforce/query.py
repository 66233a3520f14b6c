"""REST queries: the first page, the pages behind `nextRecordsUrl`, and COUNT()."""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.salesforce.errors import Refusal, malformed
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.plan import Plan
from connectors.sandbox.salesforce.rendering import json_first_records, json_records
from connectors.sandbox.state import SCRATCH

PAGE_ROWS = 2_000  # default and maximum of batchSize; 200 is the minimum
MIN_PAGE_ROWS = 200
CURSOR_LIFE = timedelta(days=2)
KEPT_CURSORS = 50  # older ones are dropped so that the sandbox's memory stays bounded
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_LOCATOR = re.compile(r"(0r8\w{15})-(\d+)")


@dataclass(frozen=True)
class _Cursor:
    """A query's whole result as it was when it was asked for."""

    locator: str
    plan: Plan
    rows: int
    page_rows: int
    made_at: datetime

    @property
    def table(self) -> str:
        return f'{SCRATCH}."{self.locator}"'


@dataclass
class Queries:
    """The query endpoints. Pages of a query agree with each other whatever happens to the org in between."""

    org: Org
    _cursors: "OrderedDict[str, _Cursor]" = field(default_factory=OrderedDict)
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def query(self, call: Call) -> Answer:
        """GET /query: rows that are not deleted."""
        return self._run(call, with_deleted=False)

    def query_all(self, call: Call) -> Answer:
        """GET /queryAll: soft-deleted and merged-away rows too."""
        return self._run(call, with_deleted=True)

    def next_page(self, call: Call) -> Answer:
        """GET /query/{locator}-{offset}; a page can be read again as long as the cursor lives."""
        match = _LOCATOR.fullmatch(call.path_params["locator"])
        with self._lock:
            cursor = self._cursors.get(match[1]) if match else None
        if cursor is not None and call.fault_of("locator_expired") is not None:
            self._forget(cursor)
            cursor = None
        if match is None or cursor is None or self.org.state.clock - cursor.made_at >= CURSOR_LIFE:
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(cursor, int(match[2]), call.path_params["version"])

    def _run(self, call: Call, *, with_deleted: bool) -> Answer:
        text = call.query.get("q")
        if text is None:
            raise malformed("A query string has to be specified")
        plan = self.org.plan(text, with_deleted=with_deleted)
        if not plan.columns:
            with self.org.state.cursor() as database:
                counted = database.execute(plan.count_sql, list(plan.parameters)).fetchone()
            return Answer.of({"totalSize": counted[0] if counted else 0, "done": True, "records": []})
        self.org.refuse_too_large(plan)
        page_rows = min(_page_rows(call), self.org.state.limits["rest_page_rows"])
        version = call.path_params["version"]
        with self.org.state.cursor() as database:
            records = json_first_records(database, plan, version, page_rows + 1)
        if len(records) <= page_rows:  # most queries: one statement, no cursor
            return _envelope({"totalSize": len(records), "done": True}, ",".join(records).encode())
        cursor = self._open(plan, page_rows)
        self._keep(cursor)
        return self._page(cursor, 0, version)

    def _open(self, plan: Plan, page_rows: int) -> _Cursor:
        with self._lock:
            self._made += 1
            locator = f"0r8xx{self._made:013d}"
        with self.org.state.cursor() as database:
            table = f'{SCRATCH}."{locator}"'
            made = database.execute(f"CREATE TABLE {table} AS {plan.rows_sql}", list(plan.parameters)).fetchone()
        return _Cursor(locator, plan, made[0] if made else 0, page_rows, self.org.state.clock)

    def _page(self, cursor: _Cursor, first: int, version: str) -> Answer:
        with self.org.state.cursor() as database:
            records = json_records(database, cursor.table, cursor.plan, version, first, cursor.page_rows)
        after = first + cursor.page_rows
        head: dict[str, object] = {"totalSize": cursor.rows, "done": after >= cursor.rows}
        if after < cursor.rows:
            head["nextRecordsUrl"] = f"/services/data/v{version}/query/{cursor.locator}-{after}"
        return _envelope(head, records)

    def _keep(self, cursor: _Cursor) -> None:
        with self._lock:
            self._cursors[cursor.locator] = cursor
            stale = [kept for kept in self._cursors.values() if self.org.state.clock - kept.made_at >= CURSOR_LIFE]
            if len(self._cursors) > KEPT_CURSORS and not stale:
                stale = [next(iter(self._cursors.values()))]
            for kept in stale:
                del self._cursors[kept.locator]
        for kept in stale:
            self._drop(kept)

    def _forget(self, cursor: _Cursor) -> None:
        with self._lock:
            self._cursors.pop(cursor.locator, None)
        self._drop(cursor)

    def _drop(self, cursor: _Cursor) -> None:
        with self.org.state.cursor() as database:
            database.execute(f"DROP TABLE IF EXISTS {cursor.table}")


def _envelope(head: dict[str, object], records: bytes) -> Answer:
    return Answer(orjson.dumps(head)[:-1] + b',"records":[' + records + b"]}")


def _page_rows(call: Call) -> int:
    asked = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return min(max(int(asked[1]), MIN_PAGE_ROWS), PAGE_ROWS) if asked else PAGE_ROWS
