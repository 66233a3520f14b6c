"""Each plant alone in its world: the long form of `test_against_truth`, some fifteen seconds a plant.

Not collected by name; run it after a change to the rules, the world's plants or the conformed tables:
`python -m pytest tests/expectations/every_plant.py`
"""

from __future__ import annotations

import pytest

from expectations import rules
from tests.support.judged_world import JudgedWorlds


@pytest.mark.parametrize("plant", [rule.id for rule in rules()])
def test_a_plant_alone_is_found_alone(plant: str, worlds: JudgedWorlds) -> None:
    judged = worlds.of(frozenset({plant}))

    assert judged.found() == judged.planted()
    assert {check_id for check_id, *_ in judged.found()} == {plant}
