"""Loads that change known records only, columns that are not read, and what compaction leaves."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.landing import Compacted, compact
from connectors.raw import Counts, replay
from tests.connectors.core.tables import read_tables
from tests.connectors.core.test_raw import NOON, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    assert made.is_replayable()
    made.log.close()
    made.warehouse.close()


def stamps(bench: Bench) -> dict[str, object]:
    """Record id → hours from noon up to when its calculated values are known."""
    rows = bench.warehouse.execute("select _record_id, _calculated_as_of from raw_ledger.deal").fetchall()
    return {record: (stamp - NOON.replace(tzinfo=None)) / timedelta(hours=1) for record, stamp in rows}


def test_a_patch_changes_known_records_where_they_differ_and_makes_none(bench: Bench) -> None:
    bench.land([("a", 1, "old"), ("b", 1, "same"), ("c", 200, "newer than the patch")])
    bench.land(
        [("a", None, "new"), ("b", None, "same"), ("c", None, "x"), ("d", None, "x")], mode="patch", lane="backfill"
    )

    counts = bench.apply()

    assert bench.rows() == {"a": ("new", False), "b": ("same", False), "c": ("newer than the patch", False)}
    assert counts[1] == Counts(updated=1, unchanged=1, older=1, unknown=1)
    assert set(stamps(bench).values()) == {1.0}


def test_a_patch_neither_revives_nor_outlives_a_later_reading_of_the_old_value(bench: Bench) -> None:
    bench.land([("a", 1, "old"), ("b", 1, "old")])
    bench.land([("b", 2, "")], mode="tombstone", lane="deletes")
    bench.land([("a", None, "patched"), ("b", None, "patched")], mode="patch", lane="calculated")
    bench.apply()
    assert bench.rows() == {"a": ("patched", False), "b": ("patched", True)}

    bench.land([("a", 1, "old")])  # read again in the overlap: the formula is back where it was

    assert bench.apply() == [Counts(updated=1)]
    assert bench.rows()["a"] == ("old", False)


def test_a_calculated_load_dates_what_it_looked_at_and_rows_date_themselves(bench: Bench) -> None:
    bench.land([("a", 1, "x"), ("b", 1, "x"), ("c", 1, "x")])
    bench.land([("a", None, "x"), ("b", None, "y")], mode="patch", lane="calculated")
    bench.land([("c", 1, "x")])
    bench.land([("a", 0, "older")])

    bench.apply()

    assert stamps(bench) == {"a": 2.0, "b": 2.0, "c": 3.0}
    assert bench.rows()["a"] == ("x", False)


def test_an_erased_record_keeps_its_id_alone_and_is_erased_whatever_its_stamp(bench: Bench) -> None:
    bench.land([("a", 500, "Ada Lovelace"), ("b", 1, "kept")])
    bench.land([("a", 3, ""), ("unknown", 3, "")], mode="erase", lane="erasures")

    counts = bench.apply()

    assert bench.warehouse.execute("select id, text, _is_deleted from raw_ledger.deal order by 1").fetchall() == [
        ("a", None, True),
        ("b", "kept", False),
    ]
    assert counts[1] == Counts(tombstoned=1, unknown=1)
    bench.land([("a", 3, "")], mode="erase", lane="erasures")
    assert bench.apply() == [Counts(unchanged=1)]


def test_a_column_that_a_load_does_not_read_is_never_overwritten(bench: Bench) -> None:
    bench.land([("a", 1, "kept"), ("b", 1, "kept")])
    bench.land([("a", 5, ""), ("c", 5, "")], withheld={"text": "hidden"})
    bench.land([("b", 6, "")], mode="snapshot", withheld={"text": "blocked"})

    bench.apply()

    assert bench.rows() == {"a": ("kept", True), "b": ("kept", False), "c": (None, True)}


def test_a_load_that_says_no_access_changes_no_row(bench: Bench) -> None:
    bench.land([("a", 1, "x")])
    bench.land([], mode="none")

    assert bench.apply()[1] == Counts()
    assert bench.rows() == {"a": ("x", False)}


def test_a_table_of_an_earlier_version_gets_the_new_stamp(bench: Bench) -> None:
    bench.land([("a", 1, "x")])
    bench.apply()
    bench.warehouse.execute("alter table raw_ledger.deal drop column _calculated_as_of")
    bench.land([("b", 1, "x")])

    bench.apply()
    assert bench.warehouse.execute("select count(_calculated_as_of) from raw_ledger.deal").fetchall() == [(1,)]

    replay(bench.warehouse, bench.log, "ledger")
    assert stamps(bench) == {"a": 1.0, "b": 2.0}


def land_nights(bench: Bench) -> None:
    """Loads of many parts, with ties that the parts' order decides, and nights that bring nothing."""
    bench.land([(f"id{number % 7}", 1, f"version {number}") for number in range(30)], pages=10)
    for _ in range(3):
        bench.land([])
    bench.land(
        [("p1/x", None, "p1"), ("p2/x", None, "p2")],
        mode="replace_children",
        lane="associations",
        covers=["p1"],
        pages=2,
    )
    bench.land([(f"id{number}", 9, "") for number in range(3)], mode="tombstone", lane="deletes", pages=3)
    bench.land([])
    bench.apply()


def test_compaction_changes_neither_a_replay_nor_what_comes_later(bench: Bench) -> None:
    land_nights(bench)
    before = read_tables(bench.warehouse, "raw_ledger")
    versions = count_rows(bench)
    watermark = bench.log.watermark("ledger", "Deal", "rows")

    with bench.log.lease("ledger") as lease:
        done = compact(bench.log, lease, "ledger")
        again = compact(bench.log, lease, "ledger")

    assert done == Compacted(loads_before=7, loads_after=4, parts_before=15, parts_after=3)
    assert (again.loads_before, again.parts_before) == (again.loads_after, again.parts_after) == (4, 3)
    assert count_rows(bench) == versions == 35
    assert bench.log.watermark("ledger", "Deal", "rows") == watermark
    assert bench.apply() == []
    assert bench.is_replayable()
    assert read_tables(bench.warehouse, "raw_ledger") == before
    bench.land([("id0", 99, "later")])
    assert bench.apply() == [Counts(updated=1)]


def test_compaction_may_die_before_or_behind_the_manifest(bench: Bench, tmp_path: Path) -> None:
    land_nights(bench)
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "ledger", whole)
    with bench.log.lease("ledger") as lease:
        compact(bench.log, lease, "ledger")
    merged = sorted(path.relative_to(tmp_path / "ledger") for path in (tmp_path / "ledger").rglob("*.m1.parquet"))
    manifests = {path: (tmp_path / "ledger" / path.parent / "manifest.json").read_bytes() for path in merged}
    content = {path: (tmp_path / "ledger" / path).read_bytes() for path in merged}

    for is_before in (True, False):
        shutil.rmtree(tmp_path / "ledger")
        shutil.copytree(whole, tmp_path / "ledger")
        for path in merged:
            (tmp_path / "ledger" / path).write_bytes(content[path])
            if not is_before:
                (tmp_path / "ledger" / path.parent / "manifest.json").write_bytes(manifests[path])
        bench.log.forget("ledger")
        assert bench.is_replayable()
        with bench.log.lease("ledger") as lease:
            assert compact(bench.log, lease, "ledger").parts_after == 3
        assert bench.is_replayable()
        assert len(list((tmp_path / "ledger").rglob("part-*.parquet"))) == 3


def count_rows(bench: Bench) -> int:
    """Versions over all loads."""
    files = [str(path) for one in bench.log.manifests("ledger") for path in bench.log.part_paths(one)]
    return len(duckdb.read_parquet(files, union_by_name=True).fetchall())
