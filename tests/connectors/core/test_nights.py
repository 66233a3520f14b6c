"""Loads of different nights that become one: nothing that can be asked of log or tables changes but load ids."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from connectors.landing import ApplyMode, compact
from connectors.landing.erase import erase_from_log
from connectors.raw import Counts, apply_loads
from tests.connectors.core.tables import read_tables
from tests.connectors.core.test_raw import NOON, Bench
from tests.connectors.core.test_raw_properties import Drawn, land


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    assert made.is_replayable(without="_load_id")
    made.log.close()
    made.warehouse.close()


def compacted(bench: Bench) -> list[str]:
    """Lane and rows of each load that is left, in order."""
    with bench.log.lease("ledger") as lease:
        compact(bench.log, lease, "ledger")
    return [f"{one.request.lane} {one.rows_landed}" for one in bench.log.manifests("ledger")]


def known_until(bench: Bench, database: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Record id → hours from noon up to when its values are known."""
    rows = database.execute("select _record_id, _calculated_as_of from raw_ledger.deal").fetchall()
    return {record: (stamp - NOON.replace(tzinfo=None)) / timedelta(hours=1) for record, stamp in rows}


def land_a_week(bench: Bench) -> None:
    """Rows each night, some of them again; on the third night another record is deleted, on the fifth none is."""
    bench.land([("gone", 0, "gone"), ("a", 0, "first")])
    for night in range(1, 7):
        bench.land([("a", 10 * night, f"night {night}"), (f"new{night}", 10 * night, "new")])
        gone = {3: [("gone", 30, "")], 5: []}.get(night)
        if gone is not None:
            bench.land(gone, mode="tombstone", lane="deletes")
    bench.apply()


def test_nights_of_rows_become_one_load_and_the_first_and_the_newest_stay(bench: Bench) -> None:
    land_a_week(bench)
    live = known_until(bench, bench.warehouse)
    loads = bench.log.manifests("ledger")

    left = compacted(bench)

    assert left == ["rows 2", "deletes 1", "rows 10", "deletes 0", "rows 2"]
    merged = bench.log.manifests("ledger")[2]
    assert (merged.request.window.lo, merged.request.window.hi) == (
        loads[1].request.window.lo,
        loads[6].request.window.hi,
    )
    assert merged.absorbed == tuple(one.load_id for one in loads[1:6] if one.request.lane == "rows")
    with duckdb.connect() as fresh:
        apply_loads(fresh, bench.log, "ledger")
        assert known_until(bench, fresh) == live  # and not until when the newest of the merged nights knew
    assert len(set(live.values())) > 5


def test_a_warehouse_that_saw_the_nights_goes_on_behind_them(bench: Bench) -> None:
    land_a_week(bench)
    compacted(bench)

    bench.land([("a", 99, "later")])

    assert bench.apply() == [Counts(updated=1)]
    assert bench.rows()["a"] == ("later", False)


def test_a_warehouse_that_saw_some_of_the_nights_ends_with_the_same_rows(bench: Bench, tmp_path: Path) -> None:
    bench.land([("a", 0, "first"), ("b", 0, "first")])
    bench.land([("a", 1, "one"), ("c", 1, "one")])
    with duckdb.connect() as behind:
        apply_loads(behind, bench.log, "ledger")
        bench.land([("b", 2, "")], mode="tombstone", lane="deletes")
        bench.land([("a", 3, "three"), ("d", 3, "three")])
        bench.land([("e", 4, "four")])
        bench.apply()
        compacted(bench)

        apply_loads(behind, bench.log, "ledger")

        found, expected = (read_tables(one, "raw_ledger", without="_load_id") for one in (behind, bench.warehouse))
        assert found == expected


def test_a_night_stays_before_what_has_to_do_with_one_of_its_records(bench: Bench) -> None:
    bench.land([("a", 0, "first")])
    bench.land([("a", 1, "x"), ("b", 1, "x")])
    bench.land([("b", None, "patched")], mode="patch", lane="calculated")
    bench.land([("b", 1, "x"), ("c", 1, "x")])
    bench.land([("d", 1, "x")])
    bench.land([("e", 1, "x")])
    bench.apply()

    left = compacted(bench)

    assert left == ["rows 1", "rows 2", "calculated 1", "rows 3", "rows 1"]
    assert bench.rows()["b"] == ("x", False)


@pytest.mark.parametrize(
    ("mode", "rows"),
    [
        ("snapshot", [("a", None, "A")]),
        ("presence", [("a", None, "")]),
        ("erase", [("never seen", 0, "")]),
        ("tombstone", [(f"unknown{number}", 0, "") for number in range(101)]),
    ],
)
def test_nothing_moves_behind_a_full_list_or_what_could_be_held_back(
    bench: Bench, mode: ApplyMode, rows: list[tuple[str, int | None, str]]
) -> None:
    bench.land([("a", 0, "first")])
    bench.land([("b", 1, "x")])
    bench.land(rows, mode=mode, lane="deletes")
    bench.land([("c", 1, "x")])
    bench.land([("d", 1, "x")])
    bench.apply()

    assert compacted(bench) == ["rows 1", "rows 1", f"deletes {len(rows)}", "rows 1", "rows 1"]


def test_versions_of_watched_columns_keep_their_nights(tmp_path: Path) -> None:
    bench = Bench(tmp_path, watched=("text",))
    for night in range(6):
        bench.land([("a", night, f"night {night}"), (f"new{night}", night, "x")])
    bench.apply()

    left = compacted(bench)

    assert left == ["rows 2"] * 6
    assert bench.is_replayable()
    bench.log.close()


def test_nights_of_other_records_become_one_though_versions_are_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path, watched=("text",))
    bench.land([(record, 0, "first") for record in "abcdef"])
    for record in "abcde":
        bench.land([(record, 0, "another, with the same stamp")])
    bench.land([("a", 500, "newest")])
    bench.apply()

    left = compacted(bench)

    assert left == ["rows 6", "rows 5", "rows 1"]
    assert bench.is_replayable(without="_load_id")
    bench.log.close()


def test_a_merging_that_died_before_it_removed_the_nights_is_finished_by_the_next(bench: Bench, tmp_path: Path) -> None:
    land_a_week(bench)
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "ledger" / "Deal", whole)
    left = compacted(bench)
    for folder in whole.iterdir():
        if not (tmp_path / "ledger" / "Deal" / folder.name).exists():
            shutil.copytree(folder, tmp_path / "ledger" / "Deal" / folder.name)
    bench.log.forget("ledger")
    assert bench.is_replayable(without="_load_id")

    assert compacted(bench) == left


def test_a_person_is_taken_out_of_merged_nights(bench: Bench, tmp_path: Path) -> None:
    land_a_week(bench)
    compacted(bench)
    erasing = bench.land([("new2", 200, "")], mode="erase", lane="erasures")

    with bench.log.lease("ledger") as lease:
        rewritten = erase_from_log(bench.log, lease, erasing)

    assert len(rewritten) == 1
    bench.apply()
    assert bench.warehouse.execute("select text from raw_ledger.deal where id = 'new2'").fetchall() == [(None,)]


def test_a_merged_load_absorbs_the_nights_that_follow(bench: Bench) -> None:
    land_a_week(bench)
    compacted(bench)
    for night in range(7, 10):
        bench.land([("a", 10 * night, f"night {night}")])
    bench.apply()

    left = compacted(bench)

    assert left == ["rows 2", "deletes 1", "deletes 0", "rows 14", "rows 1"]
    assert len(bench.log.manifests("ledger")[3].absorbed) == 7


_ROW = st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 5), st.sampled_from(["1", "2"]))
_NIGHT = st.builds(
    Drawn,
    st.sampled_from(["upsert", "upsert", "upsert", "upsert", "tombstone", "patch"]),
    st.lists(_ROW, min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from("abcdefgh"), max_size=1).map(tuple),
    st.just("VARCHAR"),
)


@settings(max_examples=12, deadline=None, database=None)
@given(
    st.lists(_NIGHT, min_size=5, max_size=12), st.sets(st.integers(0, 12), max_size=3), st.sampled_from([(), ("text",)])
)
def test_merged_nights_give_the_tables_that_they_gave_one_by_one(
    nights: list[Drawn], pauses: set[int], watched: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), watched=watched)
        for number, night in enumerate(nights):
            land(bench, night)
            if number in pauses:
                bench.apply()
                compacted(bench)
        bench.apply()

        compacted(bench)

        event(f"merged: {any(one.absorbed for one in bench.log.manifests('ledger'))}")
        assert bench.is_replayable(without="_load_id")
        bench.log.close()
