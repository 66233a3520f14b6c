"""What each apply mode makes of a raw table, and that order is all that matters."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.errors import ConfigurationError, DamagedLogError
from connectors.landing import ApplyMode, LandingLog, Lane, LoadRequest, Manifest, RecordRule, Window, Withheld
from connectors.raw import Counts, apply_loads, release_held, replay
from connectors.raw.incoming import count_listed
from connectors.raw.tables import RawTable
from connectors.schema import TableSchema, literal
from tests.connectors.core.tables import read_tables

NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)
RULE = RecordRule("id", "stamp", is_deleted="gone", merged_into="winner")
Value = str | int | bool | None


class Bench:
    """A landing log and a warehouse, with loads written as lists of (id, stamp in minutes, text)."""

    def __init__(self, folder: Path, *, watched: tuple[str, ...] = ()) -> None:
        self.watched = watched
        self.log = LandingLog(folder)
        self.warehouse = duckdb.connect()
        self.hi = NOON

    def land(
        self,
        rows: Sequence[tuple[str, int | None, str]],
        *,
        mode: ApplyMode = "upsert",
        lane: Lane = "rows",
        kind: str = "VARCHAR",
        gone: Sequence[str] = (),
        winners: dict[str, str] | None = None,
        covers: Sequence[str] | None = None,
        withheld: dict[str, Withheld] | None = None,
        pages: int = 1,
    ) -> Manifest:
        """Commit one load; each lies an hour after the one before."""
        self.hi += timedelta(hours=1)
        has_columns = mode not in ("tombstone", "presence", "erase", "none")
        schema = TableSchema.of({"id": "VARCHAR", "text": kind} if has_columns else {})
        parent = "text" if mode == "replace_children" else None
        window = Window(None if lane == "backfill" else self.hi - timedelta(hours=1), self.hi)
        request = LoadRequest(
            "ledger",
            "Deal",
            lane,
            window,
            schema,
            mode,
            "deal",
            "org-1",
            parent_column=parent,
            withheld=withheld or {},
            watched=self.watched,
        )
        with self.log.lease("ledger") as lease:
            load = self.log.open_load(request, lease)
            size = -(-len(rows) // pages) or 1
            for start in range(0, len(rows) or bool(covers), size):
                page = rows[start : start + size]
                load.land(source(page, gone, winners or {}), RULE, covers=(covers or ()) if not start else ())
            return load.commit(expected_rows=len(rows))

    def apply(self) -> list[Counts]:
        """What the loads did that were not applied yet."""
        return [applied.counts for applied in apply_loads(self.warehouse, self.log, "ledger")]

    def rows(self) -> dict[str, tuple[str, bool]]:
        """Record id → (text, is deleted)."""
        found = self.warehouse.execute("select _record_id, text, _is_deleted from raw_ledger.deal").fetchall()
        return {record: (text, is_deleted) for record, text, is_deleted in found}

    def is_replayable(self, *, without: str = "") -> bool:
        """Whether a replay in a fresh database gives the same tables; column `without` is not compared."""
        with duckdb.connect() as fresh:
            replay(fresh, self.log, "ledger")
            replay(fresh, self.log, "ledger")
            return all(
                read_tables(fresh, schema, without=without) == read_tables(self.warehouse, schema, without=without)
                for schema in ("raw_ledger", "raw_ledger_versions")
            )


def source(rows: Sequence[tuple[str, int | None, str]], gone: Sequence[str], winners: dict[str, str]) -> str:
    """SQL for these rows; stamps are minutes after noon."""
    lines = []
    for record, minute, text in rows:
        stamp = "null" if minute is None else f"timestamp '2026-03-17 12:00:00' + interval {minute} minute"
        winner = literal(winners.get(record))
        lines.append(f"({literal(record)}, {stamp}, {literal(text)}, {str(record in gone).lower()}, {winner})")
    values = ", ".join(lines) if lines else "(null, null, null, null, null)"
    return f"(select * from (values {values}) as rows(id, stamp, text, gone, winner) where {bool(lines)})"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    assert made.is_replayable()
    made.log.close()
    made.warehouse.close()


def test_the_newest_version_wins_and_an_older_one_never_comes_back(bench: Bench) -> None:
    bench.land([("a", 1, "first"), ("b", 1, "first")])
    bench.land([("a", 5, "newer"), ("b", 0, "older"), ("c", 1, "new")])

    counts = bench.apply()

    assert bench.rows() == {"a": ("newer", False), "b": ("first", False), "c": ("new", False)}
    assert counts == [Counts(inserted=2), Counts(inserted=1, updated=1, older=1)]


def test_an_equal_version_changes_nothing_and_is_counted(bench: Bench) -> None:
    first = bench.land([("a", 1, "same")])
    bench.land([("a", 1, "same")])

    assert bench.apply() == [Counts(inserted=1), Counts(unchanged=1)]
    assert bench.warehouse.execute("select _load_id from raw_ledger.deal").fetchall() == [(first.load_id,)]


def test_of_two_versions_with_one_stamp_the_later_row_wins(bench: Bench) -> None:
    bench.land([("a", 1, "one"), ("a", 1, "two")])
    bench.land([("a", 1, "three")])

    bench.apply()

    assert bench.rows() == {"a": ("three", False)}


def test_a_load_is_applied_once_however_often_it_is_asked_for(bench: Bench) -> None:
    bench.land([("a", 1, "x")])

    assert len(bench.apply()) == 1
    assert bench.apply() == []
    assert bench.warehouse.execute("select count(*) from raw_meta.loads").fetchall() == [(1,)]


def test_history_rows_are_added_and_never_changed(bench: Bench) -> None:
    bench.land([("h1", 1, "x"), ("h1", 2, "repeated")], mode="append")
    bench.land([("h1", 9, "rewritten"), ("h2", 2, "y")], mode="append")

    counts = bench.apply()

    assert bench.rows() == {"h1": ("x", False), "h2": ("y", False)}
    assert counts[1] == Counts(inserted=1, older=1)


def test_a_deletion_sets_flags_and_keeps_values(bench: Bench) -> None:
    bench.land([("a", 1, "kept"), ("b", 1, "live")])
    bench.land([("a", 3, ""), ("never seen", 3, "")], mode="tombstone", lane="deletes", winners={"a": "b"})

    counts = bench.apply()

    assert bench.rows() == {"a": ("kept", True), "b": ("live", False)}
    assert counts[1] == Counts(tombstoned=1, unknown=1)
    flags = bench.warehouse.execute("select _deleted_at, _merged_into from raw_ledger.deal where _is_deleted")
    assert flags.fetchall() == [(datetime(2026, 3, 17, 12, 3), "b")]  # noqa: DTZ001  raw stamps are UTC without zone


def test_a_restored_record_is_live_again_and_a_late_old_version_does_not_restore_it(bench: Bench) -> None:
    bench.land([("a", 1, "first"), ("b", 1, "first")])
    bench.land([("a", 5, ""), ("b", 5, "")], mode="tombstone", lane="deletes")
    bench.land([("a", 9, "restored"), ("b", 3, "late")])

    bench.apply()

    assert bench.rows() == {"a": ("restored", False), "b": ("first", True)}


def test_a_deletion_older_than_the_version_we_know_is_past(bench: Bench) -> None:
    bench.land([("a", 9, "restored since")])
    bench.land([("a", 5, "")], mode="tombstone", lane="deletes")

    assert bench.apply()[1] == Counts(unchanged=1)
    assert bench.rows() == {"a": ("restored since", False)}


def test_a_soft_deleted_row_beats_a_live_one_of_the_same_stamp(bench: Bench) -> None:
    bench.land([("a", 5, "deleted")], gone=["a"])
    bench.land([("a", 5, "live")])

    bench.apply()

    assert bench.rows() == {"a": ("deleted", True)}


def test_what_a_full_list_no_longer_holds_is_flagged_and_may_return(bench: Bench) -> None:
    bench.land([("a", None, "A"), ("b", None, "B")], mode="snapshot", lane="metadata")
    bench.land([("a", None, "A")], mode="snapshot", lane="metadata")
    bench.apply()
    assert bench.rows() == {"a": ("A", False), "b": ("B", True)}

    bench.land([("a", None, "A2"), ("b", None, "B")], mode="snapshot", lane="metadata")

    assert bench.apply() == [Counts(updated=2)]
    assert bench.rows() == {"a": ("A2", False), "b": ("B", False)}


def test_children_vanish_only_under_the_parents_that_a_load_covers(bench: Bench) -> None:
    # text is the parent column here
    children = [("p1/x", None, "p1"), ("p1/y", None, "p1"), ("p2/x", None, "p2"), ("p3/x", None, "p3")]
    bench.land(children, mode="replace_children", lane="associations", covers=["p1", "p2", "p3"])
    bench.land([("p1/y", None, "p1")], mode="replace_children", lane="associations", covers=["p1", "p2"])

    counts = bench.apply()

    assert {record for record, (_, is_deleted) in bench.rows().items() if is_deleted} == {"p1/x", "p2/x"}
    assert counts[1] == Counts(unchanged=1, tombstoned=2)


def test_a_list_of_ids_flags_what_is_missing_and_revives_what_is_there(bench: Bench) -> None:
    bench.land([("a", 1, "A"), ("b", 1, "B"), ("c", 1, "C")])
    bench.land([("b", 2, "")], mode="tombstone", lane="deletes")
    bench.land([("a", None, ""), ("b", None, "")], mode="presence", lane="deletes")

    counts = bench.apply()

    assert bench.rows() == {"a": ("A", False), "b": ("B", False), "c": ("C", True)}
    assert counts[2] == Counts(updated=1, tombstoned=1)


def many(count: int, *, text: str = "x") -> list[tuple[str, int | None, str]]:
    return [(f"id{number:04}", None, text) for number in range(count)]


def test_a_mass_deletion_is_held_until_a_person_lets_it_through(bench: Bench) -> None:
    bench.land(many(1000), mode="snapshot", lane="metadata")
    held = bench.land(many(899), mode="snapshot", lane="metadata")
    assert bench.apply()[1] == Counts(unchanged=899, held=101)
    assert not any(is_deleted for _, is_deleted in bench.rows().values())

    with bench.log.lease("ledger") as lease:
        release_held(bench.log, lease, "ledger", held.load_id)

    assert bench.apply() == [Counts(tombstoned=101)]
    assert sum(is_deleted for _, is_deleted in bench.rows().values()) == 101


@pytest.mark.parametrize(("rows", "left"), [(1000, 900), (4000, 3800)])
def test_the_brake_lets_a_hundred_rows_or_five_percent_through(bench: Bench, rows: int, left: int) -> None:
    bench.land(many(rows), mode="snapshot", lane="metadata")
    bench.land(many(left), mode="snapshot", lane="metadata")

    assert bench.apply()[1].held == 0
    assert sum(is_deleted for _, is_deleted in bench.rows().values()) == rows - left


def test_a_load_that_is_not_there_cannot_be_released(bench: Bench) -> None:
    bench.land([("a", 1, "x")])
    bench.apply()

    with bench.log.lease("ledger") as lease, pytest.raises(ConfigurationError, match="no load"):
        release_held(bench.log, lease, "ledger", "20260101T000000Z-rows-000009")


@pytest.mark.parametrize("is_applied_between", [False, True])
def test_a_text_that_becomes_several_choices_is_a_list_of_them_from_its_first_version_on(
    bench: Bench, is_applied_between: bool
) -> None:
    bench.land([("a", 1, "Price"), ("b", 1, "Price;Timing"), ("c", 1, "Timing")])
    if is_applied_between:
        bench.apply()
    bench.land([("a", 5, "[Price, Timing]")], kind="VARCHAR[]")
    if is_applied_between:
        bench.apply()
    bench.land([("c", None, "[Price]")], kind="VARCHAR[]", mode="patch", lane="calculated")
    bench.land([("d", 7, "Fit;Price")])  # and back again: an administrator changed his mind

    bench.apply()

    assert bench.rows() == {
        "a": (["Price", "Timing"], False),
        "b": (["Price", "Timing"], False),
        "c": (["Price"], False),
        "d": (["Fit", "Price"], False),
    }


def test_columns_are_widened_also_between_deletions(bench: Bench) -> None:
    bench.land([("a", 1, "1"), ("b", 1, "2")], kind="INTEGER")
    bench.land([("a", 2, "7")], kind="INTEGER")
    bench.land([("b", 2, "1.25")], kind="DECIMAL(18,2)")
    bench.land([("b", 3, "3")], kind="INTEGER")
    bench.land([("c", 3, "words")])

    bench.apply()

    assert bench.rows() == {"a": ("7.00", False), "b": ("3.00", False), "c": ("words", False)}


def test_a_column_is_widened_without_loss_while_somebody_reads_an_older_state_of_the_table() -> None:
    table = RawTable("raw_crm", "deals")
    with duckdb.connect() as connection, connection.cursor() as reader:
        table.fit(connection, TableSchema.of({"id": "VARCHAR"}), has_deletes=False)
        connection.execute(f"insert into {table} (id) values ('a')")
        reader.begin()
        reader.execute(f"from {table}")
        table.fit(connection, TableSchema.of({"id": "VARCHAR", "amount": "INTEGER"}), has_deletes=False)
        connection.execute(f"update {table} set amount = 7")

        table.fit(connection, TableSchema.of({"id": "VARCHAR", "amount": "VARCHAR"}), has_deletes=False)

        assert connection.execute(f"select id, amount from {table}").fetchall() == [("a", "7")]


def test_deletions_before_the_first_rows_make_no_table(bench: Bench) -> None:
    bench.land([("a", 1, "")], mode="tombstone", lane="deletes")

    assert bench.apply() == [Counts(unknown=1)]
    assert read_tables(bench.warehouse, "raw_ledger") == {}


def test_a_table_whose_loads_do_not_all_go_in_is_left_as_it_was(bench: Bench) -> None:
    bench.land([("a", 1, "before"), ("b", 1, "before")])
    bench.apply()
    bench.land([("a", 2, "after")])
    damaged = bench.log.part_paths(bench.land([("b", 2, "after")]))[0]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-40])

    with pytest.raises(DamagedLogError, match=rf"{damaged.name} of load .* is torn or missing"):
        bench.apply()

    assert bench.rows() == {"a": ("before", False), "b": ("before", False)}
    assert bench.warehouse.execute("select count(*) from raw_meta.loads").fetchall() == [(1,)]
    damaged.write_bytes(content)
    assert len(bench.apply()) == 2
    assert bench.rows() == {"a": ("after", False), "b": ("after", False)}


def test_a_load_that_does_not_fit_into_little_memory_is_applied_with_more(bench: Bench) -> None:
    bench.land([(f"{number:06d}", 1, "y" * 300) for number in range(20_000)])

    applied = apply_loads(bench.warehouse, bench.log, "ledger", memory="2MB")

    assert [load.counts for load in applied] == [Counts(inserted=20_000)]
    # DuckDB says sizes in rounded text: it is the lean limit that must be gone
    assert bench.warehouse.execute("select current_setting('memory_limit') like '%GiB'").fetchone() == (True,)


def test_what_a_load_lists_is_looked_up_in_memory_that_does_not_grow_with_the_table(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema raw_ledger")
        connection.execute(
            "create table raw_ledger.deal as select lpad(number::varchar, 20, '0') as _record_id "
            "from range(1_000_000) as numbers(number)"
        )
        connection.execute(f"create temp view incoming as select unnest(['{7:020}', 'nobody']) as _record_id")
        # remembering the table's ids would take more than 60 MB
        connection.execute("checkpoint; set threads = 1; set temp_directory = ''; set memory_limit = '30MB'")

        assert count_listed(connection, RawTable("raw_ledger", "deal")) == (2, 1)
