"""Calls that run at the same time, and those among them that last: on a clock that only moves when told to."""

import threading
from contextlib import ExitStack

from connectors.slots import Slots


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(slots: Slots, family: str, clock: Clock, seconds: float) -> None:
    with slots.held(family):
        clock.now += seconds


def is_kept_waiting(slots: Slots, family: str, until: ExitStack) -> bool:
    """Whether a call waits, and starts as soon as `until` gives its slots back."""
    began = threading.Event()

    def call() -> None:
        with slots.held(family):
            began.set()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    waited = not began.wait(0.1)
    until.close()
    thread.join(5)
    assert began.is_set()
    return waited


def test_a_fifth_call_that_may_last_waits_for_one_of_four_to_end() -> None:
    slots = Slots(8, 4, clock=Clock())
    running = ExitStack()
    for _ in range(4):
        running.enter_context(slots.held("query"))

    assert is_kept_waiting(slots, "query", running)


def test_families_known_to_be_quick_may_use_every_slot() -> None:
    clock = Clock()
    slots = Slots(8, 4, clock=clock)
    run(slots, "query", clock, 0.5)
    running = ExitStack()
    for _ in range(7):
        running.enter_context(slots.held("query"))

    assert not is_kept_waiting(slots, "query", running)


def test_a_family_that_once_lasted_twenty_seconds_counts_as_long_from_then_on() -> None:
    clock = Clock()
    slots = Slots(8, 4, clock=clock)
    run(slots, "query", clock, 0.5)
    run(slots, "query", clock, 20)
    run(slots, "query", clock, 0.5)
    running = ExitStack()
    for _ in range(4):
        running.enter_context(slots.held("query"))

    assert is_kept_waiting(slots, "query", running)


def test_quick_families_pass_while_four_long_calls_run() -> None:
    clock = Clock()
    slots = Slots(8, 4, clock=clock)
    run(slots, "poll", clock, 0.1)
    running = ExitStack()
    for _ in range(4):
        running.enter_context(slots.held("query"))

    assert not is_kept_waiting(slots, "poll", running)


def test_a_refusal_for_too_many_at_once_halves_the_slots_and_calm_gives_them_back_one_by_one() -> None:
    clock = Clock()
    slots = Slots(8, clock=clock)
    for _ in range(3):
        slots.halve()
    halved = slots.at_most
    for _ in range(2):
        clock.now += 10
        run(slots, "query", clock, 0)
    after_twenty_calm_seconds = slots.at_most
    clock.now += 100
    run(slots, "query", clock, 0)

    assert halved == 4
    assert after_twenty_calm_seconds == 6
    assert slots.at_most == 7


def test_at_least_one_call_may_always_run() -> None:
    clock = Clock()
    slots = Slots(2, clock=clock)
    for _ in range(5):
        clock.now += 2
        slots.halve()

    run(slots, "query", clock, 0)
    assert slots.at_most == 1
