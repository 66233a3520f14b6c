"""One first night, run once for all workers by the real command; tests read it or work on copies of it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import Installation, Outcome
from tests.support.night_process import NightProcess

NIGHTLY = ("dagster", "job", "execute", "-m", "dagster_project.definitions", "-d", ".", "-j", "nightly")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "end_to_end"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def first_night(shared_folder: Path) -> Installation:
    """A small world's first night, complete; nobody may write to it.

    Whichever worker comes first runs it, the others wait.
    """
    night = Installation(shared_folder / "first_night")
    said = shared_folder / "first_night.log"
    with (shared_folder / "first_night.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            (night.folder / "dagster").mkdir(parents=True)
            outcome = _run_first(night)
            outcome.check()
            said.write_text(outcome.text)
    return night


def _run_first(night: Installation) -> Outcome:
    with night.serving() as sandbox:
        return night.call(*NIGHTLY, SANDBOX_URL=sandbox.url)


@pytest.fixture(scope="session")
def nights(first_night: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NightProcess]:
    """Runs further nights, with the dbt project parsed as the first night left it."""
    warm = first_night.copy_to(tmp_path_factory.mktemp("nights") / "warm")
    process = NightProcess(warm.environment())
    yield process
    process.close()
