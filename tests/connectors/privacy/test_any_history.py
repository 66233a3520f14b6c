"""Any history of people, landed, merged, deleted and erased: raw equals its replay, and the erased are nowhere."""

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.landing import LandingLog, Lease
from connectors.landing.erase import finish_erasures
from connectors.raw import apply_loads, replay
from tests.connectors.core.tables import read_tables
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.people import CONNECTION, land, land_gone

IDS = st.sampled_from(["1", "2", "3", "4"])
SOME = st.lists(IDS, min_size=1, max_size=3, unique=True)
NIGHT = st.one_of(
    st.tuples(st.just("rows"), SOME),
    st.tuples(st.just("rows"), SOME),
    st.tuples(st.just("merge"), st.lists(IDS, min_size=2, max_size=2, unique=True)),
    st.tuples(st.just("delete"), SOME),
    st.tuples(st.just("erase"), SOME),
)

pytestmark = pytest.mark.long  # many histories, each killed and played again


@given(nights=st.lists(NIGHT, min_size=2, max_size=8))
@settings(max_examples=15, deadline=None)
def test_raw_equals_its_replay_and_no_file_has_who_was_erased(nights: list[tuple[str, list[str]]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        LandingLog(Path(folder)) as log,
        log.lease(CONNECTION) as lease,
        duckdb.connect() as live,
        duckdb.connect() as again,
    ):
        forgotten = _play(nights, log, lease, live)
        replay(again, log, CONNECTION)

        assert read_tables(again, "raw_hubspot") == read_tables(live, "raw_hubspot")
        assert [name for name in forgotten if places_with(name, Path(folder))] == []
        raw = str(read_tables(live, "raw_hubspot"))
        assert [name for name in forgotten if name in raw] == []


def _play(
    nights: list[tuple[str, list[str]]], log: LandingLog, lease: Lease, live: duckdb.DuckDBPyConnection
) -> list[str]:
    """Land and apply night by night; the names that must be nowhere at the end."""
    landed: dict[str, list[str]] = {}
    forgotten: list[str] = []
    for day, (kind, ids) in enumerate(nights, 1):
        if kind == "rows":
            names = {key: f"name-{key}-{day}." for key in ids}
            land(log, lease, day, [(key, name, f"{name}@x.example", day) for key, name in names.items()])
            for key, name in names.items():
                landed.setdefault(key, []).append(name)
        elif kind == "merge":
            land_gone(log, lease, day, ids[:1], winner=ids[1])
        else:
            land_gone(log, lease, day, ids, erased=kind == "erase")
        if kind == "erase":
            finish_erasures(log, lease)
            forgotten += [name for key in ids for name in landed.pop(key, [])]
        apply_loads(live, log, CONNECTION)
    return forgotten
