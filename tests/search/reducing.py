"""The fewest steps of a history that still fail."""

import time
from collections.abc import Callable
from dataclasses import replace

from tests.search.drawing import Scenario


def reduce_steps(scenario: Scenario, fails: Callable[[Scenario], bool], *, until: float) -> Scenario:
    """Leave out halves, quarters and single steps, as long as it still fails and `until` has not come."""
    size = max(1, len(scenario.steps) // 2)
    while size:
        at = len(scenario.steps) - size
        while at >= -size + 1 and time.monotonic() < until:
            start = max(at, 0)
            fewer = replace(scenario, steps=scenario.steps[:start] + scenario.steps[start + size :])
            if len(fewer.steps) < len(scenario.steps) and fails(fewer):
                scenario = fewer
            at -= size
        size //= 2
    return scenario
