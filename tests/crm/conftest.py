"""One small world that is served for all tests of the command line, and a fresh data folder for each that asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.world import World
from tests.crm.command import Crm


@pytest.fixture(scope="session")
def new_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world as it is made; to be copied."""
    world = tmp_path_factory.mktemp("new") / "world.duckdb"
    World.create(world, size="small").close()
    return world


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, new_world: Path) -> Iterator[RunningSandbox]:
    """The sandbox CRMs on a world that no test changes for others."""
    world = tmp_path_factory.mktemp("world") / "world.duckdb"
    shutil.copy(new_world, world)
    with start_sandbox(world) as running:
        yield running


@pytest.fixture
def unconnected(tmp_path: Path) -> Crm:
    """A fresh clone: nothing is set."""
    return Crm(tmp_path / "data", {})


@pytest.fixture
def fresh(tmp_path: Path, sandbox: RunningSandbox) -> Iterator[Crm]:
    """Connected to the sandbox, nothing synced yet; what the test switches on there is switched off after it."""
    yield Crm(tmp_path / "data", {"CRM_SOURCE": "sandbox", "SANDBOX_URL": sandbox.url})
    sandbox.clear_faults()


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory, sandbox: RunningSandbox) -> Crm:
    """Both CRMs synced once; tests only look at it."""
    crm = Crm(tmp_path_factory.mktemp("synced"), {"CRM_SOURCE": "sandbox", "SANDBOX_URL": sandbox.url})
    crm.ask("sync")
    return crm
