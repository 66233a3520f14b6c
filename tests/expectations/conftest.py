from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from expectations import CheckResult, evaluate
from tests.expectations.frames import Frame
from tests.support.judged_world import JudgedWorlds

AS_OF = datetime(2026, 3, 17, 2, tzinfo=UTC)
Judge = Callable[..., CheckResult]
Found = Callable[[], Sequence[tuple[object, ...]]]


@pytest.fixture(scope="session", autouse=True)
def _great_expectations() -> None:
    # its import warns about modules that Python deprecates (sre_constants); what it does later must be silent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: F401


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> JudgedWorlds:
    """Small sandbox worlds with their warehouses, built when first asked for."""
    return JudgedWorlds(tmp_path_factory.mktemp("worlds"))


@pytest.fixture
def frame(tmp_path: Path) -> Iterator[Frame]:
    """Conformed tables that pass every rule."""
    frame = Frame(tmp_path / "warehouse.duckdb")
    yield frame
    frame.close()


@pytest.fixture
def judge(frame: Frame) -> Judge:
    """Evaluate one check of the frame."""

    def judge(check_id: str, as_of: datetime = AS_OF) -> CheckResult:
        (result,) = evaluate(frame.path, as_of, [check_id])
        return result

    return judge


@pytest.fixture
def found(frame: Frame) -> Found:
    """Entity type and id of every open finding."""

    def found() -> Sequence[tuple[object, ...]]:
        return frame.rows(
            "select entity_type, entity_id from quality.stage_definition_findings where status = 'open' order by all"
        )

    return found
