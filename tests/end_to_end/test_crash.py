"""`kill -9` in each part of a night, again and again, and the tables are those of a night that nothing disturbed."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.compared_files import differences
from tests.support.installation import POLL_SECONDS, RUN_SECONDS, Installation, Outcome
from tests.support.night_process import NightProcess

# a night for each part of it: minutes. The kills of the core and of both extractors are in make test
pytestmark = pytest.mark.long

# what a run says when it is in the middle of each part; each death is one part further than the one before
INSTANTS = {
    "reading HubSpot": r"hubspot companies rows: committed",
    "reading Salesforce": r"salesforce Account rows: committed",
    "shaping": r"OK created sql table model intermediate\.",
    "building marts": r"OK created sql table model marts\.",
}


def _kill(nights: NightProcess, place: Installation, process: int) -> Outcome:
    """End the run and nothing else: what it has started lives on, as after a real `kill -9`."""
    os.kill(process, signal.SIGKILL)
    return place.end(nights)


def _kill_while_publishing(nights: NightProcess, place: Installation, process: int) -> Outcome:
    give_up = time.monotonic() + RUN_SECONDS
    while not any((place.folder / "published").glob("*.building")):
        assert time.monotonic() < give_up
        time.sleep(POLL_SECONDS / 10)
    return _kill(nights, place, process)


@pytest.fixture(scope="module")
def recovered(
    first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The same CRMs on the same day, read by a run that died five times on its way."""
    place = first_night.copy_to(tmp_path_factory.mktemp("crash") / "place")
    place.forget()
    begun = []
    try:
        with place.serving() as sandbox:
            for line in INSTANTS.values():
                begun.append(place.begin(nights, sandbox=sandbox))
                place.wait_for_line(line)
                assert _kill(nights, place, begun[-1]).code == -signal.SIGKILL
            begun.append(place.begin(nights, sandbox=sandbox))
            assert _kill_while_publishing(nights, place, begun[-1]).code == -signal.SIGKILL
            assert not (place.folder / "published" / "crm.duckdb").exists()
            place.run(nights, sandbox=sandbox).check()
    finally:
        for process in begun:
            _end_group(process)
    return place


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_the_raw_tables_are_those_of_an_undisturbed_night(recovered: Installation, first_night: Installation) -> None:
    # a load that was begun anew has another number
    found = differences(
        recovered.warehouse, first_night.warehouse, "raw_salesforce", "raw_hubspot", without=["_load_id"]
    )

    assert found == {}


def test_the_conformed_tables_are_those_of_an_undisturbed_night(
    recovered: Installation, first_night: Installation
) -> None:
    assert differences(recovered.warehouse, first_night.warehouse, "intermediate", "reference") == {}


def test_readers_get_the_marts_and_findings_of_an_undisturbed_night(
    recovered: Installation, first_night: Installation
) -> None:
    assert differences(recovered.published, first_night.published, "marts", "quality") == {}


def test_no_half_made_file_is_left_for_readers(recovered: Installation, first_night: Installation) -> None:
    names = sorted(path.name for path in (recovered.folder / "published").iterdir())

    assert names == sorted(path.name for path in (first_night.folder / "published").iterdir())
