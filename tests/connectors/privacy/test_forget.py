"""What a data-protection officer asks for by hand: forget these people; treat what is there as the rules say now."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.compaction import compact_warehouse
from connectors.engine import open_warehouse
from connectors.errors import BusyError, ConfigurationError
from connectors.forget import UNFINISHED, apply_rules, find_rewriting, forget_people
from connectors.landing import LandingLog
from connectors.landing.withdraw import withdraw_columns
from connectors.raw import apply_loads
from connectors.reading_rules import ReadingRules
from connectors.secret import Secret
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.people import CONNECTION, OBJECT, land, land_gone

KEY = Secret("an owl, a pear and 12 long winters")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LandingLog]:
    with LandingLog(tmp_path / "landing") as opened:
        yield opened


@pytest.fixture
def warehouse(log: LandingLog, tmp_path: Path) -> Path:
    """Three people, one of them merged into another, landed and applied."""
    path = tmp_path / "warehouse.duckdb"
    with log.lease(CONNECTION) as lease:
        land(log, lease, 1, [("1", "Orsolya", "o@x.example", 0), ("2", "Bertram", "b@x.example", 0)])
        land(log, lease, 2, [("3", "Orsi", "orsi@x.example", 1)])
        land_gone(log, lease, 3, ["3"], winner="1")
    with open_warehouse(path) as connection:
        connection.execute("pragma force_compression = 'uncompressed'")
        apply_loads(connection, log, CONNECTION)
    return path


def names(warehouse: Path) -> list[tuple[object, ...]]:
    """People in the raw table."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("select id, firstname, email from raw_hubspot.contacts order by id").fetchall()


def rules(folder: Path, treatment: str) -> ReadingRules:
    """Rules that treat e-mail addresses."""
    path = folder / "rules.toml"
    path.write_text(f'[hubspot.columns.contacts]\nemail = "{treatment}"\n')
    return ReadingRules.read(path)


def test_forgotten_people_are_in_no_file_after_the_compaction(log: LandingLog, warehouse: Path, tmp_path: Path) -> None:
    assert places_with("orso", tmp_path) != []

    done = forget_people(log, warehouse, CONNECTION, OBJECT, ["1"])
    compact_warehouse(warehouse)

    assert (done.records, len(done.rewritten)) == (2, 2)
    assert names(warehouse) == [("1", None, None), ("2", "Bertram", "b@x.example"), ("3", None, None)]
    assert [places_with(text, tmp_path) for text in ("orso", "orsi@")] == [[], []]


def test_forgetting_twice_or_nobody_known_changes_nothing_more(log: LandingLog, warehouse: Path) -> None:
    forget_people(log, warehouse, CONNECTION, OBJECT, ["1"])

    again = forget_people(log, warehouse, CONNECTION, OBJECT, ["1", "404"])

    assert (again.records, again.rewritten) == (0, ())
    assert log.watermark(CONNECTION, OBJECT, "erasures") is None


def test_what_was_never_landed_cannot_be_forgotten(log: LandingLog, warehouse: Path) -> None:
    with pytest.raises(ConfigurationError, match="no rows of people"):
        forget_people(log, warehouse, CONNECTION, "people", ["1"])
    with pytest.raises(ConfigurationError, match="at least one id"):
        forget_people(log, warehouse, CONNECTION, OBJECT, [])


def test_forgetting_waits_for_no_run_but_says_who_is_there(log: LandingLog, warehouse: Path) -> None:
    with log.lease(CONNECTION), pytest.raises(BusyError, match="held by process"):
        forget_people(log, warehouse, CONNECTION, OBJECT, ["1"])


@pytest.mark.parametrize("treatment", ["hash", "block"])
def test_a_stricter_rule_reaches_what_was_landed_before(
    log: LandingLog, warehouse: Path, tmp_path: Path, treatment: str
) -> None:
    own = rules(tmp_path, treatment)
    assert find_rewriting(log, CONNECTION, own).columns == {OBJECT: {"email": treatment}}

    apply_rules(log, warehouse, CONNECTION, own, key=KEY)
    compact_warehouse(warehouse)

    assert places_with("x.example", tmp_path) == []
    assert [name for _, name, _ in names(warehouse)] == ["Orsolya", "Bertram", "Orsi"]
    assert find_rewriting(log, CONNECTION, own).columns == {}


def test_rules_that_keep_all_find_nothing_to_do(log: LandingLog, warehouse: Path) -> None:
    assert find_rewriting(log, CONNECTION, ReadingRules.default()).columns == {}
    before = names(warehouse)

    assert apply_rules(log, warehouse, CONNECTION, ReadingRules.default()).rewritten == ()

    assert names(warehouse) == before


def test_a_command_that_died_before_the_raw_tables_is_finished_by_the_next_one(
    log: LandingLog, warehouse: Path, tmp_path: Path
) -> None:
    own = rules(tmp_path, "block")
    with log.lease(CONNECTION) as lease:
        withdraw_columns(log, lease, OBJECT, {"email": "block"})
    # as it is when the process dies here
    log.path(CONNECTION, UNFINISHED).touch()
    assert "b@x.example" in str(names(warehouse))

    apply_rules(log, warehouse, CONNECTION, own)

    assert {email for _, _, email in names(warehouse)} == {None}
    assert not log.path(CONNECTION, UNFINISHED).exists()
