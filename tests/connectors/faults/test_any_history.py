"""Any history of both CRMs, of what goes wrong and of runs that die: afterwards raw is truth.

One that has something of everything and a few short drawn ones, the same in every `make test`; longer ones, the same in
every `make long`; `make search` draws others each time, and tells how much it searched.
"""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.search.drawing import Scenario, scenarios, short_scenarios
from tests.search.playing import Worlds, play
from tests.search.runner import Runner

EVERYTHING = Scenario(
    seed=2,
    size="50",
    steps=[
        ["sync", "salesforce", {"page_rows": 30, "kill": "event:60"}],
        ["sync", "hubspot", {"page_rows": 30, "budget": 40}],
        ["sync", "hubspot", {}],
        ["edit", "salesforce", {"kind": "merge", "object": "Contact", "pick": 3, "other": 5}],
        ["edit", "salesforce", {"kind": "hard_delete", "object": "Lead", "pick": 2}],
        ["edit", "hubspot", {"kind": "merge", "type": "companies", "pick": 3, "other": 5}],
        ["edit", "hubspot", {"kind": "privacy_delete", "type": "contacts", "pick": 7}],
        ["edit", "hubspot", {"kind": "set_properties", "type": "deals", "pick": 1, "value": 5, "calculated": True}],
        ["tick", 1],
        [
            "faults",
            [
                {"kind": "status", "family": "*", "status": 503, "rate": 0.1, "seed": 4},
                {"kind": "truncate", "family": "*", "cut": "body", "keep": 0.3, "rate": 0.05, "seed": 5},
                {"kind": "partial", "family": "hubspot.batch_read", "keep": 0.5, "at": [1, 2, 3]},
            ],
            {"bulk_page_rows": 60},
        ],
        ["sync", "salesforce", {"page_rows": 30, "kill": "answer:9"}],
        ["sync", "hubspot", {"page_rows": 30, "kill": "instant:900"}],
        ["sync", "hubspot", {"page_rows": 30}],
        ["nights", "salesforce", 3],
        ["nights", "hubspot", 3],
        ["compact", "salesforce", "instant:200"],
        ["compact", "hubspot"],
    ],
)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Syncs in processes of their own."""
    with Runner() as running:
        yield running


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """Worlds, each made once."""
    return Worlds(tmp_path_factory.mktemp("worlds"))


def test_raw_is_truth_after_a_history_of_everything(worlds: Worlds, runner: Runner) -> None:
    assert play(EVERYTHING, worlds, runner).problems == []


def drawn(first: int, histories: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As many histories as `first` leads to, the same each time."""
    chosen = settings(
        max_examples=histories,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    return lambda test: seed(first)(chosen(test))


@drawn(1, histories=2)
@given(scenario=short_scenarios())
def test_raw_is_truth_after_any_short_history(scenario: Scenario, worlds: Worlds, runner: Runner) -> None:
    assert play(scenario, worlds, runner).problems == []


@pytest.mark.long  # as many minutes as all of these files together
@drawn(2, histories=4)
@given(scenario=scenarios(most_steps=16))
def test_raw_is_truth_after_any_history(scenario: Scenario, worlds: Worlds, runner: Runner) -> None:
    assert play(scenario, worlds, runner).problems == []
