"""One first night, played once for all workers as `make demo` plays it; tests read it or work on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.night_process import NightProcess


@pytest.fixture(scope="session")
def first_night(shared_folder: Path, first_of_all: Callable[[str], AbstractContextManager[bool]]) -> Installation:
    """A small world's first night, complete; nobody may write to it. What it printed is in `run.log`."""
    night = Installation(shared_folder / "first_night")
    with first_of_all("first_night") as is_first:
        if is_first:
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
