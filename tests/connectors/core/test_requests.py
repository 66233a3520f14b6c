"""Special readings, hidden and returning columns, limits: what becomes of raw, coverage and the watermarks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.errors import BudgetError, ConfigurationError, NoAccessError, StalePlanError
from connectors.landing import LandingLog
from connectors.raw import last_sync_upper_bound, replay
from connectors.secret import Secret
from connectors.streams import PlanLine, Stream, SyncReport, SyncRequest
from connectors.sync import plan_sync, run_sync
from tests.connectors.core.ledger_crm import DEALS, DELETES, FIRST_NIGHT, SECOND_NIGHT, STAGES, STREAMS, LargeCrm
from tests.connectors.core.tables import read_tables

THIRD_NIGHT = SECOND_NIGHT + timedelta(days=1)
KEY = Secret("a key that is long enough to be one")


class Place:
    """A landing log and a warehouse file."""

    def __init__(self, folder: Path) -> None:
        self.log = LandingLog(folder / "landing", hash_key=KEY)
        self.warehouse = folder / "warehouse.duckdb"

    def run(
        self, crm: LargeCrm, streams: tuple[Stream, ...] = (DEALS, DELETES), request: SyncRequest | None = None
    ) -> SyncReport:
        return run_sync(crm, self.log, self.warehouse, streams, request=request)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def is_replayable(self) -> bool:
        """Whether the log alone gives the same raw tables, coverage and drift."""
        with duckdb.connect() as fresh, duckdb.connect(str(self.warehouse), read_only=True) as live:
            replay(fresh, self.log, "ledger")
            derived = [f"select * from raw_meta.{name} order by all" for name in ("coverage", "drift")]
            return read_tables(fresh, "raw_ledger") == read_tables(live, "raw_ledger") and all(
                fresh.execute(query).fetchall() == live.execute(query).fetchall() for query in derived
            )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_column_that_is_hidden_keeps_its_values_and_is_filled_when_it_returns(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT))
    hidden = place.run(LargeCrm(SECOND_NIGHT, withheld={"Amount": "hidden"}))

    # deals 3, 5 and 8 changed that night: their amounts are those of the night before
    assert place.ask("select Amount from raw_ledger.deal where Id in ('deal3', 'deal5') order by Id") == [
        (pytest.approx(30.5),),
        (pytest.approx(50.5),),
    ]
    assert place.ask("select column_name, status from raw_meta.coverage where object = 'Deal' order by 1") == [
        ("", "read"),
        ("Amount", "hidden"),
    ]

    back = place.run(LargeCrm(THIRD_NIGHT))

    assert [one.stream.lane for one in hidden.streams] == ["rows", "deletes"]
    assert [(one.stream.lane, one.api, one.outcome) for one in back.streams][2:] == [("backfill", "fill", "synced")]
    assert place.ask("select Amount from raw_ledger.deal where Id = 'deal3'") == [(pytest.approx(31.5),)]
    assert place.ask("select change, column_name from raw_meta.drift order by observed_at") == [
        ("hidden", "Amount"),
        ("returned", "Amount"),
    ]
    assert place.ask("select column_name from raw_meta.coverage where object = 'Deal'") == [("",)]
    assert place.is_replayable()
    # complete now: the next night asks for nothing of the kind
    assert [one.stream.lane for one in place.run(LargeCrm(THIRD_NIGHT)).streams] == ["rows", "deletes"]


def test_a_new_column_is_planned_filled_once_and_gone_on_with_after_a_limit(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT))
    new = {"New__c": "VARCHAR"}
    plan = plan_sync(LargeCrm(SECOND_NIGHT, extra_columns=new), place.log, (DEALS,))
    cut = LargeCrm(SECOND_NIGHT, extra_columns=new, before_page=_stop("backfill", 1, BudgetError("spent")))
    paused = place.run(cut, (DEALS,))
    later = LargeCrm(SECOND_NIGHT, extra_columns=new)
    place.run(later, (DEALS,))

    assert [(line.stream.lane, line.schema.names) for line in plan][1:] == [("backfill", ("Id", "New__c"))]
    assert plan.quota is not None
    assert plan.quota.available == 70
    assert (paused.exit_code, [one.outcome for one in paused.streams]) == (75, ["synced", "paused"])
    assert place.ask("select distinct New__c from raw_ledger.deal where not _is_deleted and Id <> 'deal2'") == [("x",)]
    assert [page for key, page in later.pages_read][-2:] == [1, 2]  # of twelve rows, four were landed already
    assert place.ask("select change, new_type from raw_meta.drift") == [("added", "VARCHAR")]
    assert place.is_replayable()


def test_a_column_that_vanishes_is_said_so_and_keeps_its_values(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT, extra_columns={"Old__c": "VARCHAR"}))
    place.run(LargeCrm(SECOND_NIGHT))

    assert place.ask("select count(*) from raw_ledger.deal where Old__c = 'x'") == [(13,)]
    assert place.ask("select status, since from raw_meta.coverage where column_name = 'Old__c'") == [
        ("vanished", (SECOND_NIGHT - DEALS.lag).replace(tzinfo=None))
    ]
    assert place.ask("select change, old_type, new_type from raw_meta.drift") == [("removed", "VARCHAR", None)]
    assert place.is_replayable()


def test_an_object_without_access_is_dated_once_and_read_again_later(place: Place) -> None:
    error = NoAccessError("Ledger shows no Stage to this user. Grant it, or leave it out.", status=403)
    for clock in (FIRST_NIGHT, SECOND_NIGHT):
        place.run(LargeCrm(clock, before_page=_stop("metadata", 0, error)), STREAMS)
    refused = place.ask("select status, since, reason from raw_meta.coverage where object = 'Stage'")
    loads = place.ask("select count(*) from raw_meta.loads where object = 'Stage'")
    place.run(LargeCrm(THIRD_NIGHT), STREAMS)

    assert refused == [("no_access", FIRST_NIGHT.replace(tzinfo=None), str(error))]
    assert loads == [(1,)]
    assert place.ask("select status from raw_meta.coverage where object = 'Stage'") == [("read",)]
    assert place.is_replayable()


def test_a_full_reading_leaves_nothing_stale(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT), (DEALS,))
    # deal 2 went away without a word in the delete log
    report = place.run(LargeCrm(SECOND_NIGHT), request=SyncRequest(full=True))

    assert [(one.stream.lane, one.rows) for one in report.streams] == [("rows", 12), ("deletes", 12)]
    assert place.ask("select Id from raw_ledger.deal where _is_deleted") == [("deal2",)]
    assert place.is_replayable()


def test_a_full_reading_that_was_paused_still_ends_with_the_list_of_ids(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT), (DEALS,))
    cut = LargeCrm(SECOND_NIGHT, before_page=_stop("rows", 2, BudgetError("spent")))
    paused = place.run(cut, request=SyncRequest(full=True))
    later = LargeCrm(SECOND_NIGHT)
    done = place.run(later)  # the usual one goes on with it
    after = place.run(LargeCrm(SECOND_NIGHT))

    assert (done.streams[1].rows, after.streams[1].rows) == (12, 1)  # all ids once, then what was deleted
    assert [one.outcome for one in paused.streams] == ["paused", "paused"]
    assert [page for key, page in later.pages_read if key == "Deal"] == [2]
    assert done.is_complete
    assert place.ask("select Id from raw_ledger.deal where _is_deleted") == [("deal2",)]


def test_since_reads_further_back_and_never_moves_the_end(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT))
    since = FIRST_NIGHT - timedelta(hours=4)
    report = place.run(LargeCrm(SECOND_NIGHT), request=SyncRequest(since=since))
    later = place.run(LargeCrm(SECOND_NIGHT), request=SyncRequest(since=SECOND_NIGHT + timedelta(days=3)))

    assert report.streams[0].rows == 12
    assert [one.window.lo for one in (*report.streams, *later.streams[:1]) if one.window] == [
        since,
        since,
        SECOND_NIGHT - DEALS.lag - DEALS.overlap,
    ]
    assert place.log.watermark("ledger", "Deal", "rows") == SECOND_NIGHT - DEALS.lag


def test_ids_are_read_alone_and_move_no_watermark(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT))
    report = place.run(LargeCrm(SECOND_NIGHT), request=SyncRequest(ids=("deal3", "deal9")))

    assert [(one.outcome, one.rows) for one in report.streams] == [("synced", 2), ("not_due", 0)]
    assert place.ask("select Amount from raw_ledger.deal where Id in ('deal3', 'deal5') order by Id") == [
        (pytest.approx(31.5),),
        (pytest.approx(50.5),),
    ]
    assert place.log.watermark("ledger", "Deal", "rows") == FIRST_NIGHT - DEALS.lag
    assert last_sync_upper_bound(place.warehouse) == FIRST_NIGHT - DEALS.lag
    assert place.is_replayable()


def test_ids_without_their_object_are_refused_before_anything_is_sent(place: Place) -> None:
    with pytest.raises(ConfigurationError, match="one object"):
        place.run(LargeCrm(FIRST_NIGHT), (STAGES,), SyncRequest(ids=("deal1",)))


def test_a_stream_is_left_alone_until_its_cadence_has_passed(place: Place) -> None:
    weekly = replace(STAGES, cadence=timedelta(days=7))
    outcomes = []
    for days in (0, 1, 6, 7):
        report = place.run(
            LargeCrm(FIRST_NIGHT + timedelta(days=days, minutes=-30 if days == 7 else 0)), (DEALS, weekly)
        )
        outcomes.append(report.streams[1].outcome)
        assert report.is_complete
        assert report.hi == FIRST_NIGHT + timedelta(days=days, minutes=-30 if days == 7 else 0) - DEALS.lag

    assert outcomes == ["synced", "not_due", "not_due", "synced"]


def test_the_bound_of_a_sync_is_not_beyond_what_the_delete_log_covered(place: Place) -> None:
    covered = SECOND_NIGHT - timedelta(hours=2)
    place.run(LargeCrm(FIRST_NIGHT))
    report = place.run(LargeCrm(SECOND_NIGHT, covers={"deletes": covered}))

    assert report.is_complete
    assert report.hi == covered
    assert last_sync_upper_bound(place.warehouse) == covered


@pytest.mark.parametrize("lane", ["rows", "deletes", "metadata", "history", "associations"])
@pytest.mark.parametrize("phase", ["plan", "fetch"])
def test_a_limit_at_any_point_pauses_and_the_next_run_ends_as_if_nothing_had_been(
    tmp_path: Path, lane: str, phase: str
) -> None:
    resume_at = SECOND_NIGHT + timedelta(hours=5)
    spent = BudgetError("spent", resume_at=resume_at)
    place, other = Place(tmp_path / "paused"), Place(tmp_path / "undisturbed")
    for one in (place, other):
        one.run(LargeCrm(FIRST_NIGHT), STREAMS)
    crm = (
        PlanStops(SECOND_NIGHT, lane, spent)
        if phase == "plan"
        else LargeCrm(SECOND_NIGHT, before_page=_stop(lane, 0, spent))
    )
    paused = place.run(crm, STREAMS)

    outcomes = [one.outcome for one in paused.streams]
    first = outcomes.index("paused")
    assert (paused.exit_code, paused.resume_at, paused.is_complete) == (75, resume_at, False)
    assert set(outcomes[:first]) <= {"synced"}
    assert set(outcomes[first:]) == {"paused"}
    assert last_sync_upper_bound(place.warehouse) == FIRST_NIGHT - DEALS.lag

    place.run(LargeCrm(SECOND_NIGHT), STREAMS)
    other.run(LargeCrm(SECOND_NIGHT), STREAMS)
    assert _content(place) == _content(other)
    assert place.is_replayable()


def test_fields_that_changed_under_the_plan_are_planned_again_once(place: Place) -> None:
    stale = StalePlanError("No such field any more.", status=400, code="INVALID_FIELD")
    report = place.run(LargeCrm(FIRST_NIGHT, before_page=_stop("rows", 0, stale)))

    assert [one.outcome for one in report.streams] == ["synced", "synced"]
    assert place.ask("select count(*) from raw_ledger.deal") == [(13,)]


def test_a_hashed_column_is_never_landed_in_clear(place: Place) -> None:
    place.run(LargeCrm(FIRST_NIGHT, hashed=frozenset(["Amount"])))
    parts = [path for one in place.log.manifests("ledger", "Deal") for path in place.log.part_paths(one)]

    assert place.ask("select distinct length(Amount) from raw_ledger.deal where Amount is not null") == [(64,)]
    assert duckdb.read_parquet([str(path) for path in parts]).filter("Amount like '%.50'").fetchall() == []
    assert place.ask("select status from raw_meta.coverage where column_name = 'Amount'") == [("hashed",)]


class PlanStops(LargeCrm):
    """Reaches a limit while a lane is planned."""

    def __init__(self, now: datetime, lane: str, error: Exception) -> None:
        super().__init__(now)
        self.lane, self.error = lane, error

    def plan(self, stream: Stream, window: Any, *, ids: Any = ()) -> PlanLine:
        """The error, at that lane."""
        if stream.lane == self.lane:
            raise self.error
        return super().plan(stream, window, ids=ids)


def _content(place: Place) -> object:
    """All raw rows without the ids of loads, which count what was begun twice."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'raw_ledger' order by 1"
            ).fetchall()
        ]
        return [
            connection.execute(f"select * exclude (_load_id) from raw_ledger.{name} order by all").fetchall()
            for name in tables
        ]


def _stop(lane: str, page: int, error: Exception) -> Callable[[Stream, int], None]:
    """Raise `error` once, before this page of this lane."""
    errors = [error]

    def before_page(current: Stream, number: int) -> None:
        if current.lane == lane and number == page and errors:
            raise errors.pop()

    return before_page
