"""A small CRM for tests of the core: its content is a function of its clock, and every page is real CSV bytes."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connectors.landing import OpenLoad, RecordRule, Window, format_utc
from connectors.schema import TableSchema, csv_source
from connectors.streams import Fetched, PlanLine, Quota, Stream, Withheld

PAGE = 4
FIRST_NIGHT = datetime(2026, 3, 17, 2, tzinfo=UTC)
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=1)

DEALS = Stream("Deal", lag=timedelta(minutes=5))
DELETES = Stream("Deal", lane="deletes", mode="tombstone")
STAGES = Stream("Stage", lane="metadata", mode="snapshot")
HISTORY = Stream("DealHistory", lane="history", mode="append")
LINKS = Stream("DealContact", lane="associations", mode="replace_children", parent_column="deal_id")
STREAMS = (DEALS, DELETES, STAGES, HISTORY, LINKS)

SCHEMAS = {
    "Deal": {"Id": "VARCHAR", "Name": "VARCHAR", "Amount": "DECIMAL(18,2)", "SystemModstamp": "TIMESTAMP"},
    "Stage": {"Id": "VARCHAR", "Label": "VARCHAR"},
    "DealHistory": {"Id": "VARCHAR", "DealId": "VARCHAR", "At": "TIMESTAMP"},
    "DealContact": {"deal_id": "VARCHAR", "contact_id": "VARCHAR"},
    "deletes": {"id": "VARCHAR", "at": "TIMESTAMP"},
}
RULES = {
    "Deal": RecordRule('"Id"', '"SystemModstamp"'),
    "Stage": RecordRule('"Id"'),
    "DealHistory": RecordRule('"Id"', '"At"'),
    "DealContact": RecordRule("deal_id || '/' || contact_id"),
    "deletes": RecordRule("id", '"at"', is_deleted="true", deleted_at='"at"'),
}

Row = tuple[str, ...]


def _deals(now: datetime) -> list[Row]:
    """Thirteen deals; on the second night three have changed, and deal 2 is gone."""
    rows = []
    for number in range(13):
        is_changed = number in (3, 5, 8) and now >= SECOND_NIGHT
        stamp = (SECOND_NIGHT if is_changed else FIRST_NIGHT) - timedelta(hours=3, minutes=number)
        amount = "" if number == 4 else f"{number * 10 + is_changed}.50"
        if not (number == 2 and now >= SECOND_NIGHT):
            rows.append((f"deal{number}", f'a "name",\nof two lines {number}', amount, format_utc(stamp)))
    return rows


def _content(key: str, window: Window, now: datetime) -> list[Row]:
    lo = window.lo or datetime(1970, 1, 1, tzinfo=UTC)
    is_second = now >= SECOND_NIGHT
    if key == "Deal":
        return [row for row in _deals(now) if lo <= datetime.fromisoformat(row[3]) < window.hi]
    if key == "deletes":
        return [("deal2", format_utc(SECOND_NIGHT - timedelta(hours=4)))] if is_second else []
    if key == "Stage":
        return [(f"stage{number}", f"Stage {number}") for number in range(5 if is_second else 6)]
    if key == "DealHistory":
        return [(f"h{number}", f"deal{number}", format_utc(FIRST_NIGHT)) for number in range(9 if is_second else 6)]
    links = [(f"deal{number}", f"contact{number}") for number in range(10)]
    return links[1:] if is_second else links


@dataclass
class LedgerCrm:
    """Serves `STREAMS` as of `now`; `before_page` sees (stream, page number) before each page is landed."""

    now: datetime
    connection: str = "ledger"
    org: str = "org-1"
    before_page: Callable[[Stream, int], None] = lambda stream, page: None
    announce: Callable[[Stream, int], int] = lambda stream, rows: rows
    extra_columns: dict[str, str] = field(default_factory=dict)
    covers: dict[str, datetime] = field(default_factory=dict)
    pages_read: list[tuple[str, int]] = field(default_factory=list)
    bytes_received: int = 0

    def __post_init__(self) -> None:
        """Start with no call made."""
        self._calls: Counter[str] = Counter()

    @property
    def calls(self) -> Counter[str]:
        """Pages served."""
        return Counter(self._calls)

    def identity(self) -> str:
        """The org's id."""
        return self.org

    def server_clock(self) -> datetime:
        """The virtual clock."""
        return self.now

    def close(self) -> None:
        """There is nothing to free."""

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """One page per four rows."""
        columns = {} if stream.lane == "deletes" else {**SCHEMAS[stream.object_name], **self.extra_columns}
        return PlanLine(stream, window, TableSchema.of(columns), api="pages")

    def content(self, key: str, line: PlanLine) -> list[Row]:
        """What the CRM sends for a line."""
        return _content(key, line.window, self.now)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land page after page, with the page number as checkpoint."""
        key = "deletes" if line.stream.lane == "deletes" else line.stream.object_name
        rows = self.content(key, line)
        done = load.checkpoint["page"] if load.checkpoint else 0
        assert isinstance(done, int)
        for page in range(done, -(-len(rows) // PAGE)):
            self.before_page(line.stream, page)
            self._calls["pages"] += 1
            self.pages_read.append((key, page))
            chunk = rows[page * PAGE : (page + 1) * PAGE]
            file = load.spool(f"{page}.csv")
            with file.open("w", newline="") as out:
                writer = csv.writer(out, quoting=csv.QUOTE_ALL)
                writer.writerow([*SCHEMAS[key], *self.extra_columns])
                writer.writerows([*row, *("x" for _ in self.extra_columns)] for row in chunk)
            covers = [f"deal{number}" for number in range(10)] if line.stream is LINKS and page == 0 else []
            source = csv_source([file], {**SCHEMAS[key], **self.extra_columns})
            load.land(source, RULES[key], checkpoint={"page": page + 1}, covers=covers)
        return Fetched(self.announce(line.stream, len(rows)), covered_until=self.covers.get(line.stream.lane))


@dataclass
class LargeCrm(LedgerCrm):
    """The same with fields that are hidden or hashed, backfills, reading by ids, full lists of ids, and a quota."""

    withheld: dict[str, Withheld] = field(default_factory=dict)
    hashed: frozenset[str] = frozenset()

    def plan(self, stream: Stream, window: Window, *, ids: Sequence[str] = ()) -> PlanLine:
        """A plan without what is withheld."""
        line = super().plan(stream, window)
        if stream.object_name != "Deal" or stream.lane == "deletes":
            return line
        columns = tuple(column for column in line.schema.columns if column.name not in self.withheld)
        return replace(
            line,
            schema=TableSchema(columns),
            withheld=self.withheld,
            hashed=self.hashed - set(self.withheld),
            details=tuple(ids),
        )

    def plan_backfill(self, stream: Stream, columns: Sequence[str], window: Window) -> PlanLine:
        """Some columns of all deals."""
        line = self.plan(stream, window)
        kept = tuple(column for column in line.schema.columns if column.name in {"Id", *columns})
        return replace(line, schema=TableSchema(kept), api="fill", hashed=line.hashed & set(columns))

    def quota(self) -> Quota:
        """Ten pages are used."""
        return Quota(used=10, maximum=100, reserve=0.2)

    def content(self, key: str, line: PlanLine) -> list[Row]:
        """Deals by id, or the ids of all that are there."""
        if line.stream.mode == "presence":
            return [(row[0], row[3]) for row in _deals(self.now)]
        rows = super().content(key, line)
        return [row for row in rows if _is_asked(row, line)] if key == "Deal" else rows


def _is_asked(row: Row, line: PlanLine) -> bool:
    return not isinstance(line.details, tuple) or not line.details or row[0] in line.details
