"""Any history of both CRMs, of what goes wrong and of runs that die: afterwards raw is truth. A few drawn ones; the
long search is `make search`.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.search.drawing import Scenario, scenarios
from tests.search.playing import Worlds, play
from tests.search.runner import Runner


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Syncs in processes of their own."""
    with Runner() as running:
        yield running


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """Worlds, each made once."""
    return Worlds(tmp_path_factory.mktemp("worlds"))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(scenario=scenarios(most_steps=10))
def test_raw_is_truth_after_any_history(scenario: Scenario, worlds: Worlds, runner: Runner) -> None:
    assert play(scenario, worlds, runner).problems == []
