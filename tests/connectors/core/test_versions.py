"""What raw keeps of records that change without a history in the CRM."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.landing import compact
from connectors.landing.erase import erase_from_log
from connectors.raw import replay
from tests.connectors.core.tables import read_tables
from tests.connectors.core.test_raw import NOON, Bench

WATCHED = ("text",)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, watched=WATCHED)
    yield made
    assert made.is_replayable()
    made.log.close()
    made.warehouse.close()


def versions(bench: Bench) -> dict[str, list[tuple[float, str]]]:
    """Record id → (minutes after noon from which it held, text), in order."""
    rows = bench.warehouse.execute(
        "select _record_id, _valid_from, text from raw_ledger_versions.deal order by all"
    ).fetchall()
    found: dict[str, list[tuple[float, str]]] = {}
    for record, valid_from, text in rows:
        minutes = (valid_from - NOON.replace(tzinfo=None)) / timedelta(minutes=1)
        found.setdefault(record, []).append((minutes, text))
    return found


def test_each_change_of_a_watched_column_is_a_version_from_the_records_own_stamp(bench: Bench) -> None:
    bench.land([("a", 1, "first"), ("b", 2, "first"), ("d", 3, "never changes")])
    bench.land([("a", 61, "second"), ("c", 70, "new"), ("d", 71, "never changes")])
    bench.land([("a", 130, "second"), ("b", 0, "older, read late"), ("c", 131, "second")])
    bench.land([("a", 190, "third")])
    bench.apply()

    assert versions(bench) == {
        "a": [(1, "first"), (61, "second"), (190, "third")],
        "c": [(70, "new"), (131, "second")],
    }


def test_versions_do_not_depend_on_how_many_loads_are_applied_at_once(bench: Bench) -> None:
    for minute, text in ((1, "first"), (61, "second"), (121, "third")):
        bench.land([("a", minute, text), ("b", 1, "same")])
        bench.apply()

    assert versions(bench) == {"a": [(1, "first"), (61, "second"), (121, "third")]}


def test_a_change_without_a_stamp_holds_from_the_end_of_the_window_that_showed_it(bench: Bench) -> None:
    bench.land([("a", 1, "first"), ("b", 1, "first"), ("c", None, "first")], mode="snapshot")
    bench.land([("a", 1, "second"), ("b", 70, "second"), ("c", None, "second")], mode="snapshot")
    bench.land([("a", None, "third")], mode="patch", lane="calculated")
    bench.apply()

    assert versions(bench) == {
        "a": [(1, "first"), (120, "second"), (180, "third")],
        "b": [(1, "first"), (70, "second")],
        "c": [(60, "first"), (120, "second")],
    }


def test_two_states_of_one_instant_are_one_version(bench: Bench) -> None:
    bench.land([("a", 500, "first")])  # its stamp is ahead of the window, and of the next ones
    bench.land([("a", 500, "second")])
    bench.land([("a", 500, "third")])
    bench.apply()

    assert versions(bench) == {"a": [(500, "third")]}


def test_a_deletion_and_a_return_make_no_version(bench: Bench) -> None:
    bench.land([("a", 1, "kept"), ("b", 1, "kept")])
    bench.land([("a", 61, "")], mode="tombstone", lane="deletes")
    bench.land([("b", 1, "")], mode="presence", lane="deletes")
    bench.land([("a", 200, "kept")])
    bench.apply()

    assert versions(bench) == {}


def test_a_load_without_access_or_rows_changes_no_version(bench: Bench) -> None:
    bench.land([("a", 1, "first")])
    bench.land([("a", 61, "second")])
    bench.land([], mode="none")
    bench.land([])
    bench.apply()

    assert versions(bench) == {"a": [(1, "first"), (61, "second")]}


def test_what_can_be_read_only_later_is_no_change(bench: Bench) -> None:
    bench.land([("a", 1, ""), ("b", 1, "")], withheld={"text": "hidden"})
    bench.land([("b", 61, "read")])
    bench.land([("a", None, "filled"), ("b", None, "put right")], mode="patch", lane="backfill")
    bench.apply()

    assert versions(bench) == {"b": [(1, None), (61, "put right")]}


def test_a_watched_column_that_grows_wider_keeps_the_old_values(bench: Bench) -> None:
    bench.land([("a", 1, "1"), ("b", 1, "1")], kind="INTEGER")
    bench.land([("a", 61, "2")], kind="INTEGER")
    bench.land([("a", 121, "three")])
    bench.apply()

    assert versions(bench) == {"a": [(1, "1"), (61, "2"), (121, "three")]}


def test_a_table_is_followed_from_the_load_on_that_watches_it(bench: Bench) -> None:
    bench.watched = ()
    bench.land([("a", 1, "old"), ("b", 1, "old")])
    bench.land([("a", 61, "newer")])
    bench.apply()
    bench.watched = WATCHED
    assert read_tables(bench.warehouse, "raw_ledger_versions") == {}

    bench.land([("b", 121, "newer")])
    bench.watched = ()
    bench.land([("b", 181, "newest")])
    bench.apply()

    assert versions(bench) == {"b": [(1, "old"), (121, "newer"), (181, "newest")]}


def test_a_column_that_is_watched_later_is_known_of_the_newest_version(bench: Bench) -> None:
    bench.watched = ("id", "note")
    bench.land([("a", 1, "kept"), ("b", 1, "kept")])
    bench.watched = WATCHED
    bench.land([("a", 61, "new")])
    bench.apply()

    assert versions(bench) == {"a": [(1, "kept"), (61, "new")]}


def test_of_an_erased_record_no_version_tells(bench: Bench) -> None:
    bench.land([("a", 1, "Ada"), ("b", 1, "old")])
    bench.land([("a", 61, "Ada Lovelace"), ("b", 61, "kept")])
    bench.apply()
    erasure = bench.land([("a", 121, "")], mode="erase", lane="erasures")
    bench.apply()
    assert versions(bench) == {"b": [(1, "old"), (61, "kept")]}
    with bench.log.lease("ledger") as lease:
        erase_from_log(bench.log, lease, erasure)

    bench.land([("b", 240, "new")])
    bench.apply()

    assert versions(bench) == {"b": [(1, "old"), (61, "kept"), (240, "new")]}


def test_compaction_keeps_every_version(bench: Bench) -> None:
    for minute in range(1, 300, 60):
        bench.land([("a", minute, f"at {minute}"), ("b", 1, "same")], pages=2)
        bench.land([])
    bench.apply()
    before = versions(bench)

    with bench.log.lease("ledger") as lease:
        compact(bench.log, lease, "ledger")

    with duckdb.connect() as fresh:
        replay(fresh, bench.log, "ledger")
        assert read_tables(fresh, "raw_ledger_versions") == read_tables(bench.warehouse, "raw_ledger_versions")
    assert before["a"] == [(minute, f"at {minute}") for minute in range(1, 300, 60)]


def test_a_replay_drops_versions_of_tables_that_the_log_no_longer_has(bench: Bench) -> None:
    bench.land([("a", 1, "kept")])
    bench.apply()
    bench.warehouse.execute("create table raw_ledger.gone as select 1 as _record_id")
    bench.warehouse.execute("create table raw_ledger_versions.gone as select 1 as _record_id")

    replay(bench.warehouse, bench.log, "ledger")

    assert set(read_tables(bench.warehouse, "raw_ledger_versions")) == {"deal"}
