"""Any sequence of loads, applied in any batches, gives one table: the one that a plain fold over the rows gives."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.landing import ApplyMode, Lane, Withheld, compact
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
    reads_text: bool = True
    """Whether the text column is read; if not, what is known of it stays."""


def draws(modes: Sequence[ApplyMode], kinds: Sequence[str]) -> st.SearchStrategy[list[Drawn]]:
    """Short sequences of small loads over four records, so that they meet often."""
    row = st.tuples(st.sampled_from("abcd"), st.integers(0, 5), st.sampled_from(["1", "2", "3"]))
    load = st.builds(
        Drawn,
        st.sampled_from(modes),
        st.lists(row, max_size=5).map(tuple),
        st.lists(st.sampled_from("abcd"), max_size=1).map(tuple),
        st.sampled_from(kinds),
        st.sampled_from([True, True, False]),
    )
    return st.lists(load, min_size=1, max_size=7)


def land(bench: Bench, drawn: Drawn) -> None:
    gone = drawn.gone if drawn.mode == "upsert" else ()
    lane: Lane = "calculated" if drawn.mode == "patch" else "rows"
    rows = drawn.rows if drawn.mode != "none" else ()
    withheld: dict[str, Withheld] = {} if drawn.reads_text else {"text": "hidden"}
    bench.land(rows, mode=drawn.mode, lane=lane, kind=drawn.kind, gone=gone, withheld=withheld)


@dataclass
class Known:
    """What the fold knows of a record."""

    stamp: int
    text: str | None
    is_deleted: bool
    content: tuple[object, ...] = ()
    """What the version was made of: a version of equal content changes nothing."""


def fold(loads: Sequence[Drawn]) -> dict[str, tuple[str | None, bool]]:
    """The rules of the modes, record by record, in the words of the design."""
    known: dict[str, Known] = {}
    for load in loads:
        for record, stamp, text in _newest(load):
            old = known.get(record)
            if load.mode == "upsert":
                content = (stamp, text, record in load.gone)
                is_newer = old is None or stamp > old.stamp
                is_tie_won = old is not None and stamp == old.stamp and (record in load.gone) >= old.is_deleted
                if is_newer or (is_tie_won and old is not None and content != old.content):
                    kept = old.text if old is not None else None
                    known[record] = Known(stamp, text if load.reads_text else kept, record in load.gone, content)
            elif old is None:
                continue
            elif load.mode == "tombstone" and stamp >= old.stamp and not old.is_deleted:
                old.stamp, old.is_deleted, old.content = stamp, True, ("deleted", stamp)
            elif load.mode == "patch" and load.reads_text and text != old.text:
                old.text, old.content = text, ("patched", old.content, text)
            elif load.mode == "erase" and old.content != ("erased",):
                known[record] = Known(max(stamp, old.stamp), None, True, ("erased",))
    return {record: (row.text, row.is_deleted) for record, row in known.items()}


def _newest(load: Drawn) -> list[tuple[str, int, str]]:
    """One row per record: the newest, a deletion before a live one, the later before the earlier."""
    newest: dict[str, tuple[str, int, str]] = {}
    for row in load.rows:
        is_later = load.mode not in ("upsert", "tombstone") or row[0] not in newest or row[1] >= newest[row[0]][1]
        if is_later:
            newest[row[0]] = row
    return list(newest.values())


@settings(max_examples=40, deadline=None, database=None)
@given(draws(["upsert", "upsert", "tombstone", "patch", "erase", "none"], ["VARCHAR"]))
def test_the_merge_equals_a_plain_fold_over_the_rows(loads: list[Drawn]) -> None:
    first = next((number for number, load in enumerate(loads) if load.mode == "upsert"), len(loads))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), watched=("text",))
        for load in loads:
            land(bench, load)

        bench.apply()

        # what comes before the first rows finds no table
        assert (bench.rows() if first < len(loads) else {}) == fold(loads[first:])
        assert bench.is_replayable()
        bench.log.close()


@settings(max_examples=25, deadline=None, database=None)
@given(
    draws(
        ["upsert", "tombstone", "snapshot", "presence", "append", "patch", "erase", "none"],
        ["INTEGER", "DECIMAL(18,2)", "VARCHAR", "BIGINT"],
    ),
    st.sets(st.integers(0, 6)),
    st.booleans(),
)
def test_batches_and_replays_make_no_difference(loads: list[Drawn], pauses: set[int], is_compacted: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as at_once:
        bench = Bench(Path(folder), watched=("text",))
        for number, load in enumerate(loads):
            land(bench, load)
            if number in pauses:
                bench.apply()
        bench.apply()
        if is_compacted:
            with bench.log.lease("ledger") as lease:
                compact(bench.log, lease, "ledger")

        apply_loads(at_once, bench.log, "ledger")

        # loads that absorbed others give their rows their own ids
        without = "_load_id" if any(one.absorbed for one in bench.log.manifests("ledger")) else ""
        live = read_tables(bench.warehouse, "raw_ledger", without=without)
        assert read_tables(at_once, "raw_ledger", without=without) == live
        assert bench.is_replayable(without=without)
        bench.log.close()
