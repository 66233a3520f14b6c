"""Small worlds made once per test run, and copies of them to play with."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.world import World


@pytest.fixture(scope="session")
def small_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed small world with everything planted, seed 7. Copy it before changing it."""
    path = tmp_path_factory.mktemp("worlds") / "small.duckdb"
    World.create(path).close()
    return path


@pytest.fixture(scope="session")
def clean_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed small world with nothing planted."""
    path = tmp_path_factory.mktemp("worlds") / "clean.duckdb"
    World.create(path, plants=frozenset()).close()
    return path


@pytest.fixture(scope="session")
def played_path(small_path: Path) -> Path:
    """The small world a week and a half later: past every admin edit and a weekend."""
    path = small_path.with_name("played.duckdb")
    shutil.copy(small_path, path)
    world = World.open(path)
    for days in (1, 1, 7, 1):
        world.tick(days)
    world.close()
    return path


@pytest.fixture(params=["new", "played"])
def rows(request: pytest.FixtureRequest, small_path: Path, played_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read access to a new world, and to one that ticked."""
    connection = duckdb.connect(str(small_path if request.param == "new" else played_path), read_only=True)
    yield connection
    connection.close()
