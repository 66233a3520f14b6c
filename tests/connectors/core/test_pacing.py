"""Rates, concurrency and budgets, on a clock that only moves when somebody waits."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from connectors.errors import BudgetError
from connectors.pacing import LimitReading, Pace, Pacing, TokenBucket


class Clock:
    """Seconds that pass by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def bucket(clock: Clock, per_second: float, burst: int = 1) -> TokenBucket:
    return TokenBucket(Pace(per_second, burst), clock=clock, sleep=clock.sleep)


def test_calls_start_at_the_rate_after_a_first_burst() -> None:
    clock = Clock()
    search = bucket(clock, per_second=4, burst=2)

    for _ in range(22):
        search.take()

    assert clock.now == pytest.approx(20 / 4)


def test_a_refusal_halves_the_rate_and_calm_gives_it_back_slowly() -> None:
    clock = Clock()
    search = bucket(clock, per_second=4)
    search.slow_down()
    halved = search.per_second
    clock.now += 10
    search.take()

    assert halved == 2
    assert search.per_second == pytest.approx(2 * 1.05)


def test_the_rate_never_passes_what_the_crm_named_and_never_stops() -> None:
    clock = Clock()
    search = bucket(clock, per_second=10)
    search.follow(4)
    for _ in range(20):
        search.slow_down()
    lowest = search.per_second or 0
    for _ in range(400):
        clock.now += 10
        search.take()

    assert lowest > 0
    assert search.per_second == 4


def test_a_cap_on_the_run_ends_it_with_the_call_unsent() -> None:
    pacing = Pacing(run_cap=2)
    for _ in range(2):
        with pacing.turn("list"):
            pass

    with pytest.raises(BudgetError, match="cap of 2"), pacing.turn("search"):
        raise AssertionError("must not be sent")
    assert pacing.calls == {"list": 2}
    assert pacing.remaining == 0


def test_the_reserve_is_left_to_others_and_the_pause_says_until_when() -> None:
    resets = datetime(2026, 3, 18, tzinfo=UTC)
    pacing = Pacing(reserve=0.2)
    pacing.note_limit(LimitReading(used=799, maximum=1000, resets_at=resets))
    with pacing.turn("list"):
        pacing.note_limit(LimitReading(used=800, maximum=1000, resets_at=resets))

    with pytest.raises(BudgetError, match="800 of the CRM's 1000") as caught, pacing.turn("list"):
        raise AssertionError("must not be sent")
    assert caught.value.resume_at == resets


def test_no_more_calls_run_at_once_than_the_lane_allows() -> None:
    pacing = Pacing({"bulk": Pace(concurrent=2)})
    running, most = 0, 0
    lock, both = threading.Lock(), threading.Barrier(2)

    def call(_: int) -> None:
        nonlocal running, most
        with pacing.turn("bulk"):
            with lock:
                running += 1
                most = max(most, running)
            both.wait(timeout=10)  # passes only if two are in here
            with lock:
                running -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(call, range(6)))

    assert most == 2


def test_families_with_their_own_lane_do_not_slow_the_others() -> None:
    clock = Clock()
    pacing = Pacing({"search": Pace(per_second=1)}, clock=clock, sleep=clock.sleep)
    for _ in range(50):
        with pacing.turn("list"):
            pass
    assert clock.now == 0
    for _ in range(3):
        with pacing.turn("search"):
            pass

    assert clock.now == pytest.approx(2)
    assert pacing.calls == {"list": 50, "search": 3}


def test_refusals_of_calls_that_were_under_way_together_halve_the_rate_once() -> None:
    clock = Clock()
    general = bucket(clock, per_second=16)
    for _ in range(8):
        general.slow_down()
    together = general.per_second
    clock.now += 1
    general.slow_down()

    assert together == 8
    assert general.per_second == 4


def test_a_named_limit_that_is_higher_than_the_guess_is_used_at_once() -> None:
    clock = Clock()
    general = bucket(clock, per_second=9)
    general.follow(17.1)

    assert general.per_second == pytest.approx(17.1)


def test_a_long_calm_gives_back_as_much_as_it_had_clean_ten_seconds() -> None:
    clock = Clock()
    general = bucket(clock, per_second=10)
    general.slow_down()
    clock.now += 35
    general.take()

    assert general.per_second == pytest.approx(5 * 1.05**3)


def test_calls_since_the_last_reading_of_the_limit_count_too() -> None:
    pacing = Pacing(reserve=0.5)
    pacing.note_limit(LimitReading(used=47, maximum=100))
    for _ in range(3):
        with pacing.turn("search"):
            pass

    with pytest.raises(BudgetError, match="50 of the CRM's 100"), pacing.turn("search"):
        raise AssertionError("must not be sent")


def test_a_rolling_limit_pauses_for_an_hour() -> None:
    read_at = datetime(2026, 3, 17, 2, tzinfo=UTC)
    pacing = Pacing()
    pacing.note_limit(LimitReading(used=80, maximum=100, read_at=read_at))

    with pytest.raises(BudgetError) as caught, pacing.turn("query"):
        raise AssertionError("must not be sent")
    assert caught.value.resume_at == datetime(2026, 3, 17, 3, tzinfo=UTC)
