"""When deals are expected to close: first guesses, pushes before a date passes (or long after), pulls, last calls."""

import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world.days import (
    business_day_before,
    last_business_day_of_month,
    last_business_day_of_quarter,
    on_or_after,
    on_or_before,
)
from connectors.sandbox.world.deals import Deals
from connectors.sandbox.world.events import RANK_CLOSE_DATE, EventRows
from connectors.sandbox.world.hashing import Flags, Ints, between, derive_keys, happens, normal, uniform
from connectors.sandbox.world.visits import Road


def add_close_dates(events: EventRows, deals: Deals, road: Road, plants: frozenset[str]) -> Ints:
    """Pushes until the date fits, each before the old date passes (unless planted), and pulls; returns the first."""
    stretch = np.round(
        np.exp(facts.CLOSE_ESTIMATE_MEAN + facts.CLOSE_ESTIMATE_SPREAD * normal(deals.life_key, "estimate")), 6
    )
    guess = on_or_after(deals.created_day + np.maximum(5, np.floor(deals.cycle_days * stretch)).astype(np.int64))
    habit = uniform(deals.life_key, "date habit")
    at_month_end = habit < facts.MONTH_END_DATE_SHARE
    at_quarter_end = ~at_month_end & (habit < facts.MONTH_END_DATE_SHARE + facts.QUARTER_END_DATE_SHARE)
    date = np.where(at_month_end, last_business_day_of_month(guess), guess)
    date = np.where(at_quarter_end, last_business_day_of_quarter(guess), date)
    first = date
    is_late = np.zeros(len(deals), dtype=np.bool_)
    if "C17" in plants:
        is_late = (deals.showcase < 0) & happens(deals.key, "overdue", facts.PLANTED_OVERDUE_SHARE)
    closing = np.where(deals.ladder == 0, 8, np.where(deals.ladder == 1, 5, 6))
    _, entered = road.visit(closing)
    calls = road.visited[np.arange(len(deals)), closing] & (deals.showcase < 0) & (entered > deals.created_day)
    calls &= happens(deals.life_key, "closing call", facts.CLOSING_CALL_SHARE) & (entered < road.close_day)
    date = _push(events, deals, date, np.where(calls, entered, road.close_day), is_late, "")
    least, most = facts.CLOSING_CALL_RANGE
    hope = least + (most - least) * uniform(deals.life_key, "hope")
    called = on_or_after(entered + np.maximum(4, np.floor((road.close_day - entered) * hope).astype(np.int64)))
    events.add(calls, entered, RANK_CLOSE_DATE, close_day=called)
    _push(events, deals, np.where(calls, called, date), road.close_day, is_late, "closing")
    pulled = on_or_before(road.close_day + (first - road.close_day) // 2)
    pull_day = on_or_after(deals.created_day + deals.cycle_days * 3 // 5)
    pulls = (
        ~calls
        & (first > road.close_day + 20)
        & (pull_day < road.close_day)
        & happens(deals.key, "pulled in", facts.PULL_SHARE)
    )
    events.add(pulls & (pulled >= road.close_day), pull_day, RANK_CLOSE_DATE, close_day=pulled)
    return first


def _push(events: EventRows, deals: Deals, date: Ints, until: Ints, is_late: Flags, phase: str) -> Ints:
    """Push dates until none lies before `until`; each push comes before its date passes, or late where `is_late`."""
    push_no = 0
    while (behind := date < until).any():
        keys = derive_keys(deals.life_key, f"push {phase}", push_no)
        late_day = on_or_after(date + between(keys, "late", *facts.PLANTED_OVERDUE_DAYS))
        day = np.where(is_late, late_day, business_day_before(date))
        later = on_or_after(np.maximum(date, day) + between(keys, "push days", *facts.PUSH_DAYS_RANGE))
        later = np.where(
            happens(keys, "to month end", facts.PUSH_TO_MONTH_END_SHARE), last_business_day_of_month(later), later
        )
        events.add(behind & (day < until), day, RANK_CLOSE_DATE, close_day=later)
        date = np.where(behind, later, date)
        push_no += 1
    return date
