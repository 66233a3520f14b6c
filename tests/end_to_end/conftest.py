"""One first night, played once for all workers as `make demo` plays it; tests read it or work on copies of it."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.night_process import NightProcess


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "end_to_end"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def first_night(shared_folder: Path) -> Installation:
    """A small world's first night, complete; nobody may write to it. What it printed is in `run.log`.

    Whichever worker comes first runs it, the others wait.
    """
    night = Installation(shared_folder / "first_night")
    with (shared_folder / "first_night.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not night.log.exists():
            shutil.rmtree(night.folder, ignore_errors=True)
            outcome = night.call("dagster_project.demo", COLUMNS="100")
            outcome.check()
            night.log.write_text(outcome.text)
    return night


@pytest.fixture(scope="session")
def nights(first_night: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NightProcess]:
    """Runs further nights."""
    warm = first_night.copy_to(tmp_path_factory.mktemp("nights") / "warm")
    process = NightProcess(warm.folder, warm.environment())
    yield process
    process.close()
