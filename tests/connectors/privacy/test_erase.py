"""A person who was erased is in no file of the log, whatever happens to the run that takes them out."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.errors import ConfigurationError, DamagedLogError
from connectors.landing import LandingLog, Lease, RecordRule
from connectors.landing.erase import erase_from_log, finish_erasures, is_waiting
from connectors.raw import apply_loads, replay
from tests.connectors.core.tables import read_tables
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.people import CONNECTION, OBJECT, a_history, land, land_gone, people, request


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LandingLog]:
    with LandingLog(tmp_path / "landing") as opened:
        yield opened


@pytest.fixture
def lease(log: LandingLog) -> Iterator[Lease]:
    with log.lease(CONNECTION) as held:
        yield held


def contacts(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """The raw table as far as it is about people."""
    return connection.execute(
        "select id, firstname, email, score, _is_deleted, _merged_into from raw_hubspot.contacts order by id"
    ).fetchall()


def test_no_file_of_the_log_holds_an_erased_person_or_who_was_merged_into_them(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)
    assert len(places_with("orso", log.root)) == 2

    rewritten = erase_from_log(log, lease, erasure)

    assert len(rewritten) == 2
    assert [places_with(text, log.root) for text in ("orso", "orsi")] == [[], []]
    assert len(places_with("bertram", log.root)) == 2


def test_raw_tables_and_their_replay_agree_and_hold_the_others_only(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)
    with duckdb.connect() as before, duckdb.connect() as after:
        apply_loads(before, log, CONNECTION)
        erase_from_log(log, lease, erasure)
        replay(after, log, CONNECTION)

        assert read_tables(after, "raw_hubspot") == read_tables(before, "raw_hubspot")
        assert contacts(after)[0] == ("1", None, None, None, True, None)
        assert contacts(after)[1][1:5] == ("Bertram", "bertram@b.example", pytest.approx(0.5), False)
        assert contacts(after)[2] == ("3", None, None, None, True, "1")


def test_manifests_say_when_and_by_what_their_parts_were_rewritten(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)
    before = {manifest.load_id: manifest for manifest in log.manifests(CONNECTION)}
    erase_from_log(log, lease, erasure)

    with LandingLog(log.root) as again:
        for manifest in again.manifests(CONNECTION):
            old = before[manifest.load_id]
            assert (manifest.sequence, manifest.request, manifest.rows_landed) == (
                old.sequence,
                old.request,
                old.rows_landed,
            )
            assert [path.stat().st_size for path in again.part_paths(manifest)] == [
                part.bytes for part in manifest.parts if part.rows
            ]
            if manifest.parts != old.parts:
                assert manifest.rewritten_by == erasure.load_id
                assert manifest.rewritten_at is not None
    rewritten = again.manifests(CONNECTION)[1]
    assert [part.name for part in rewritten.parts] == ["part-000000.r1.parquet", "part-000001.r1.parquet"]


def test_doing_it_again_changes_no_byte(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)
    erase_from_log(log, lease, erasure)
    before = {path: path.read_bytes() for path in log.root.rglob("*.*") if path.is_file()}

    assert erase_from_log(log, lease, erasure) == ()
    assert finish_erasures(log, lease) == ()

    assert {path: path.read_bytes() for path in log.root.rglob("*.*") if path.is_file()} == before


def test_an_erasure_whose_run_died_after_the_commit_is_finished_by_the_next(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)

    with LandingLog(log.root) as next_run:
        assert finish_erasures(next_run, lease) == (erasure.load_id,)
        assert not any(is_waiting(manifest) for manifest in next_run.manifests(CONNECTION))
    assert places_with("orso", log.root) == []


def test_rows_keep_their_order_and_the_untouched_parts_their_files(log: LandingLog, lease: Lease) -> None:
    load = land(
        log, lease, 1, [("9", "Ann", "a@x.example", 0)], [("8", "Bo", "b@x.example", 0), ("7", "Cy", "c@x.example", 0)]
    )
    erase_from_log(log, lease, land_gone(log, lease, 2, ["8"], erased=True))

    manifest = log.manifests(CONNECTION)[0]
    rows = duckdb.read_parquet([str(path) for path in log.part_paths(manifest)]).project("id, firstname").fetchall()
    assert rows == [("9", "Ann"), ("8", None), ("7", "Cy")]
    assert manifest.parts[0] == load.parts[0]


def test_an_open_load_that_holds_the_person_is_read_anew_and_another_goes_on(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)
    with_person = log.open_load(request(6), lease)
    with_person.land(people([("1", "Orsolya", "o@late.example", 5)]), RecordRule("id", "updated_at"))
    with_person.spool("page.json").write_text('{"firstname": "Orsolya"}')
    other = log.open_load(request(6, "calculated", "patch"), lease)
    other.land(people([("2", "Bertram", "b@b.example", 5)]), RecordRule("id", "updated_at"), checkpoint={"page": 1})

    erase_from_log(log, lease, erasure)

    assert places_with("orso", log.root) == []
    assert log.find_open(CONNECTION, OBJECT, "rows") is None
    assert log.open_load(request(6, "calculated", "patch"), lease).checkpoint == {"page": 1}


def test_a_version_that_comes_later_is_erased_with_the_next_erasure(log: LandingLog, lease: Lease) -> None:
    erase_from_log(log, lease, a_history(log, lease))
    land(log, lease, 6, [("1", "Orsolya", "o@back.example", 5)])

    erase_from_log(log, lease, land_gone(log, lease, 7, ["1"], erased=True))

    assert places_with("orso", log.root) == []
    assert places_with("o@back", log.root) == []


def test_an_erasure_of_nobody_known_rewrites_nothing(log: LandingLog, lease: Lease) -> None:
    land(log, lease, 1, [("1", "Orsolya", "o@x.example", 0)])

    assert erase_from_log(log, lease, land_gone(log, lease, 2, ["404"], erased=True)) == ()
    assert len(places_with("orsolya", log.root)) == 1


def test_a_load_that_is_no_erasure_is_refused(log: LandingLog, lease: Lease) -> None:
    load = land(log, lease, 1, [("1", "Orsolya", "o@x.example", 0)])

    with pytest.raises(ConfigurationError, match="erases nothing"):
        erase_from_log(log, lease, load)


def test_a_torn_part_is_named_and_the_erasure_goes_on_when_it_is_back(log: LandingLog, lease: Lease) -> None:
    erasure = a_history(log, lease)
    torn = log.part_paths(log.manifests(CONNECTION)[1])[0]
    whole = torn.read_bytes()
    torn.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DamagedLogError, match=torn.parent.name) as said:
        erase_from_log(log, lease, erasure)

    assert "Orsi" not in str(said.value)
    torn.write_bytes(whole)
    assert finish_erasures(log, lease) == (erasure.load_id,)
    assert places_with("ors", log.root) == []
