"""What all tests share: the order of a whole run, what is made once for all workers, and where sandboxes come from."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from connectors.sandbox.process import forked_sandboxes
from tests.support.warehouse import write_dbt_artifacts

# files that take minutes begin first, so that no worker ends alone with one of them; the first plays the night that all
# of end_to_end/ begin with, and others have work meanwhile
LONGEST_FIRST = (
    "tests/end_to_end/test_demo.py",
    "tests/dbt/test_incremental.py",
    "tests/dbt/",
    "tests/end_to_end/",
    "tests/expectations/test_against_truth.py",
    "tests/connectors/faults/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # sorting is stable: all others keep the order of their files
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    places = (place for place, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start))
    return next(places, len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def first_of_all(shared_folder: Path) -> Callable[[str], AbstractContextManager[bool]]:
    """Have something made once for all workers.

    `with first_of_all(name) as is_first:` holds the others up until the block ends; `is_first` is False where another
    worker has been through it.
    """

    @contextmanager
    def waiting(name: str) -> Iterator[bool]:
        done = shared_folder / f"{name}.done"
        with (shared_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield not done.exists()
            done.touch()

    return waiting


@pytest.fixture(scope="session")
def dbt_artifacts(shared_folder: Path, first_of_all: Callable[[str], AbstractContextManager[bool]]) -> Path:
    """The folder with the project's manifest.json and semantic_manifest.json."""
    folder = shared_folder / "dbt_artifacts"
    with first_of_all("dbt_artifacts") as is_first:
        if is_first:
            folder.mkdir()
            write_dbt_artifacts(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _sandboxes_are_forked() -> Iterator[None]:
    """Hundreds are started, and a start of its own is a second and a half of imports."""
    with forked_sandboxes():
        yield
