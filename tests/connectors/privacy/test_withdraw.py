"""A rule that came later: what was landed before is treated by it as well."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from connectors.errors import ConfigurationError
from connectors.landing import LandingLog, Lease, RecordRule
from connectors.landing.withdraw import withdraw_columns
from connectors.raw import apply_loads, replay
from connectors.secret import Secret
from tests.connectors.core.tables import read_tables
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.people import CONNECTION, OBJECT, land, people, request

KEY = Secret("an owl, a pear and 12 long winters")
ANN = ("1", "Ann", " Ann@Firm.example", 0)
BO = ("2", "Bo", "bo@firm.example", 0)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LandingLog]:
    with LandingLog(tmp_path / "landing", hash_key=KEY) as opened:
        yield opened


@pytest.fixture
def lease(log: LandingLog) -> Iterator[Lease]:
    with log.lease(CONNECTION) as held:
        yield held


def digest(text: str) -> str:
    """The hash of a text, by Python's own HMAC."""
    return hmac.new(KEY.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()


def emails(log: LandingLog) -> list[tuple[object, ...]]:
    """Addresses in the raw table that the log replays to."""
    with duckdb.connect() as connection:
        replay(connection, log, CONNECTION)
        return connection.execute("select id, firstname, email from raw_hubspot.contacts order by id").fetchall()


def test_a_column_that_is_blocked_later_is_nowhere(log: LandingLog, lease: Lease) -> None:
    first = land(log, lease, 1, [ANN], [BO])

    assert withdraw_columns(log, lease, OBJECT, {"EMAIL": "block"}) == (first.load_id,)

    assert places_with("firm.example", log.root) == []
    assert emails(log) == [("1", "Ann", None), ("2", "Bo", None)]
    assert log.manifests(CONNECTION)[0].request.withheld == {"email": "blocked"}


def test_a_column_that_is_hashed_later_has_the_hashes_that_a_new_load_would_bring(
    log: LandingLog, lease: Lease
) -> None:
    land(log, lease, 1, [ANN, BO])
    withdraw_columns(log, lease, OBJECT, {"email": "hash"}, KEY)
    assert emails(log) == [("1", "Ann", digest("ann@firm.example")), ("2", "Bo", digest("bo@firm.example"))]
    assert places_with("firm.example", log.root) == []
    with duckdb.connect() as connection:
        replay(connection, log, CONNECTION)
        load = log.open_load(replace(request(2), hashed=frozenset(["email"])), lease)
        load.land(people([ANN, BO]), RecordRule("id", "updated_at"))
        load.commit(expected_rows=2)

        applied = apply_loads(connection, log, CONNECTION)

    assert applied[0].counts.unchanged == 2


def test_doing_it_again_hashes_no_hash(log: LandingLog, lease: Lease) -> None:
    land(log, lease, 1, [ANN])
    withdraw_columns(log, lease, OBJECT, {"email": "hash"}, KEY)
    before = emails(log)

    assert withdraw_columns(log, lease, OBJECT, {"email": "hash"}, KEY) == ()
    assert emails(log) == before


def test_a_hash_can_be_blocked_later_and_a_blocked_column_stays_so(log: LandingLog, lease: Lease) -> None:
    land(log, lease, 1, [ANN])
    withdraw_columns(log, lease, OBJECT, {"email": "hash"}, KEY)

    assert len(withdraw_columns(log, lease, OBJECT, {"email": "block"})) == 1
    assert withdraw_columns(log, lease, OBJECT, {"email": "hash"}, KEY) == ()
    assert emails(log) == [("1", "Ann", None)]
    assert log.manifests(CONNECTION)[0].request.hashed == frozenset()


def test_loads_without_the_column_and_other_columns_stay_as_they_are(log: LandingLog, lease: Lease) -> None:
    land(log, lease, 1, [ANN])
    with duckdb.connect() as before, duckdb.connect() as after:
        replay(before, log, CONNECTION)

        assert withdraw_columns(log, lease, OBJECT, {"phone": "block"}) == ()

        replay(after, log, CONNECTION)
        assert read_tables(after, "raw_hubspot") == read_tables(before, "raw_hubspot")


@pytest.mark.parametrize(
    ("treatments", "key", "complaint"),
    [({"score": "hash"}, KEY, "only text can be hashed"), ({"email": "hash"}, None, "CRM_HASH_KEY")],
)
def test_what_cannot_be_hashed_is_refused_before_anything_changes(
    log: LandingLog, lease: Lease, treatments: dict[str, str], key: Secret | None, complaint: str
) -> None:
    land(log, lease, 1, [ANN])
    before = [path.read_bytes() for path in sorted(log.root.rglob("*.*")) if path.is_file()]

    with pytest.raises(ConfigurationError, match=complaint):
        withdraw_columns(log, lease, OBJECT, treatments, key)  # type: ignore[arg-type]

    assert [path.read_bytes() for path in sorted(log.root.rglob("*.*")) if path.is_file()] == before


def test_an_open_load_of_the_object_is_read_anew(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(1), lease)
    load.land(people([ANN]), RecordRule("id", "updated_at"))

    withdraw_columns(log, lease, OBJECT, {"email": "block"})

    assert places_with("firm.example", log.root) == []
