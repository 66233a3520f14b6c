"""Any sequence of loads, applied in any batches, gives one table: the one that a plain fold over the rows gives."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.landing import ApplyMode
from connectors.raw import apply_loads
from tests.connectors.core.tables import read_tables
from tests.connectors.core.test_raw import Bench


@dataclass(frozen=True)
class Drawn:
    """A load to be landed; `kind` is the type that the CRM declares for the text column."""

    mode: ApplyMode
    rows: tuple[tuple[str, int, str], ...]
    gone: tuple[str, ...]
    kind: str


def draws(modes: Sequence[ApplyMode], kinds: Sequence[str]) -> st.SearchStrategy[list[Drawn]]:
    """Short sequences of small loads over four records, so that they meet often."""
    row = st.tuples(st.sampled_from("abcd"), st.integers(0, 5), st.sampled_from(["1", "2", "3"]))
    load = st.builds(
        Drawn,
        st.sampled_from(modes),
        st.lists(row, max_size=5).map(tuple),
        st.lists(st.sampled_from("abcd"), max_size=1).map(tuple),
        st.sampled_from(kinds),
    )
    return st.lists(load, min_size=1, max_size=7)


def land(bench: Bench, drawn: Drawn) -> None:
    gone = drawn.gone if drawn.mode == "upsert" else ()
    bench.land(drawn.rows, mode=drawn.mode, lane="rows", kind=drawn.kind, gone=gone)


@dataclass
class Known:
    """What the fold knows of a record."""

    stamp: int
    text: str
    is_deleted: bool
    is_tombstoned: bool = False


def fold(loads: Sequence[Drawn]) -> dict[str, tuple[str, bool]]:
    """The rules of upsert and tombstone, row by row, in the words of the design."""
    known: dict[str, Known] = {}
    for load in loads:
        for record, stamp, text in load.rows:
            old = known.get(record)
            if load.mode == "tombstone":
                if old is not None and stamp >= old.stamp and not old.is_deleted:
                    old.stamp, old.is_deleted = stamp, True
                continue
            is_deleted = record in load.gone
            is_newer = old is None or stamp > old.stamp
            is_tie_won = old is not None and stamp == old.stamp and is_deleted >= old.is_deleted
            if is_newer or is_tie_won:
                known[record] = Known(stamp, text, is_deleted)
    return {record: (row.text, row.is_deleted) for record, row in known.items()}


@settings(max_examples=25, deadline=None, database=None)
@given(draws(["upsert", "tombstone"], ["VARCHAR"]))
def test_the_merge_equals_a_plain_fold_over_the_rows(loads: list[Drawn]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for load in loads:
            land(bench, load)

        bench.apply()

        has_table = any(load.mode == "upsert" for load in loads)
        assert (bench.rows() if has_table else {}) == fold(_after_first_rows(loads))
        bench.log.close()


def _after_first_rows(loads: Sequence[Drawn]) -> list[Drawn]:
    """A tombstone load keeps the newest deletion per record: the fold sees it as one row per record."""
    return [
        Drawn(load.mode, tuple(_newest(load.rows)), load.gone, load.kind) if load.mode == "tombstone" else load
        for load in loads
    ]


def _newest(rows: Sequence[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    newest: dict[str, tuple[str, int, str]] = {}
    for row in rows:
        if row[0] not in newest or row[1] >= newest[row[0]][1]:
            newest[row[0]] = row
    return list(newest.values())


@settings(max_examples=25, deadline=None, database=None)
@given(
    draws(["upsert", "tombstone", "snapshot", "presence", "append"], ["INTEGER", "DECIMAL(18,2)", "VARCHAR", "BIGINT"]),
    st.sets(st.integers(0, 6)),
)
def test_batches_and_replays_make_no_difference(loads: list[Drawn], pauses: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as at_once:
        bench = Bench(Path(folder))
        for number, load in enumerate(loads):
            land(bench, load)
            if number in pauses:
                bench.apply()
        bench.apply()

        apply_loads(at_once, bench.log, "ledger")

        assert read_tables(at_once, "raw_ledger") == read_tables(bench.warehouse, "raw_ledger")
        assert bench.is_replayable()
        bench.log.close()
