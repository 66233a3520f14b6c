"""The road of each deal: which stages it visits on which day, falls back, closes, and perhaps is opened again."""

from dataclasses import dataclass

import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world import stages
from connectors.sandbox.world.days import last_business_day_of_month, on_or_after
from connectors.sandbox.world.deals import LOST_COMPETITOR, NO_DECISION, SHOWCASES, WON, Deals
from connectors.sandbox.world.hashing import Flags, Floats, Ints, between, happens, normal, pick
from connectors.sandbox.world.scale import START_DAY

POSITIONS = 8
# position that a showcase's planted stage takes, and the stage; C05's takes the place of the lost stage
_SHOWCASE_VISITS = {"C01": (6, stages.VERBAL_AGREEMENT), "C02": (3, stages.BUSINESS_REVIEW),
                    "C02 partner": (5, stages.BUSINESS_REVIEW_PARTNER), "C07": (7, stages.PROPOSAL_LEGACY)}  # fmt: skip
_SHOWCASE_WEIGHT = 5.0


@dataclass(frozen=True)
class Road:
    """Per deal: `stage[:, p]` is entered on `entry[:, p]` where `visited[:, p]`; positions 1..8 (column 0 unused).

    `fallback_day` and `return_day` are -1 for deals that never fall back from their `deepest` to the `previous`
    position. `reopened_day` is -1 for deals closed once; those opened again close for good on `second_close_day`.
    """

    visited: Flags
    stage: Ints
    entry: Ints
    deepest: Ints
    previous: Ints
    fallback_day: Ints
    return_day: Ints
    close_day: Ints
    close_stage: Ints
    reopened_day: Ints
    second_close_day: Ints
    second_outcome: Ints

    def visit(self, positions: Ints) -> tuple[Ints, Ints]:
        """Stage and entry day of one position per deal."""
        rows = np.arange(len(positions))
        return self.stage[rows, positions], self.entry[rows, positions]


def plan_roads(deals: Deals, plants: frozenset[str]) -> Road:
    """Every deal's whole road, to its end."""
    visited = _visited(deals, plants)
    close_day = _close_days(deals)
    entry = _entries(deals, visited)
    positions = np.arange(POSITIONS + 1)
    deepest = np.where(visited, positions, 0).max(axis=1)
    before = visited & (positions[None, :] < deepest[:, None])
    previous = np.where(before, positions, 0).max(axis=1)
    rows = np.arange(len(deals))
    fallback, return_ = _fallbacks(deals, previous, entry[rows, deepest], close_day)
    reopened, second_close, second_outcome = _reopenings(deals, close_day)
    return Road(
        visited=visited,
        stage=_stage_matrix(deals, plants),
        entry=entry,
        deepest=deepest,
        previous=previous,
        fallback_day=fallback,
        return_day=return_,
        close_day=close_day,
        close_stage=closing_stage(deals, deals.outcome, plants),
        reopened_day=reopened,
        second_close_day=second_close,
        second_outcome=second_outcome,
    )


def closing_stage(deals: Deals, outcome: Ints, plants: frozenset[str]) -> Ints:
    """The stage in which a deal of that outcome ends up."""
    stage = np.where(outcome == WON, stages.WON_STAGES[deals.ladder], stages.LOST_STAGES[deals.ladder])
    if "C06" in plants:
        wrong = happens(deals.key, "wrong won stage", facts.PLANTED_WRONG_WON_STAGE_SHARE)
        stage = np.where((deals.ladder == 0) & (outcome == WON) & wrong, stages.WON_PARTNER, stage)
    return np.where(deals.showcase == SHOWCASES.index("C05"), stages.LOST_OLD, stage)


def _visited(deals: Deals, plants: frozenset[str]) -> Flags:
    depth = stages.LADDER_DEPTHS[deals.ladder]
    visited: Flags = (stages.LADDERS[deals.ladder] > 0) & (np.floor(depth) <= deals.depth[:, None])
    is_salesforce, ordinary = deals.ladder == 0, deals.showcase < 0
    visited[:, 1] &= ~(
        ordinary & happens(deals.life_key, "created in qualification", facts.CREATED_IN_QUALIFICATION_SHARE)
    )
    visited[:, 5] &= (
        ~is_salesforce | happens(deals.key, "decision makers", facts.OPTIONAL_STAGE_SHARE) | _reviewed(deals, plants)
    )
    visited[:, 6] &= (
        ~is_salesforce
        | happens(deals.key, "perception", facts.OPTIONAL_STAGE_SHARE)
        | (deals.showcase == SHOWCASES.index("C01"))
    )
    if "C13" in plants:
        skipped = between(deals.key, "skipped stage", 2, 5)
        skips = ordinary & (deals.depth > skipped) & happens(deals.key, "skips", facts.PLANTED_SKIP_SHARE)
        visited &= ~(skips[:, None] & (np.floor(depth) == skipped[:, None]))
    return visited


def _reviewed(deals: Deals, plants: frozenset[str]) -> Flags:
    """Deals that go through the stage which was retired in June 2025, before and (wrongly) after."""
    share = facts.PLANTED_RETIRED_STAGE_SHARE if "C08" in plants else 0.0
    reviewed: Flags = (deals.ladder == 0) & (deals.showcase < 0) & happens(deals.key, "solution review", share)
    return reviewed


def _stage_matrix(deals: Deals, plants: frozenset[str]) -> Ints:
    stage = stages.LADDERS[deals.ladder].copy()
    stage[:, 5] = np.where(_reviewed(deals, plants), stages.SOLUTION_REVIEW, stage[:, 5])
    if "C07" in plants:
        was_legacy = (deals.created_day < START_DAY + 300) & happens(
            deals.key, "legacy", facts.PLANTED_LEGACY_STAGE_SHARE
        )
        stage[:, 7] = np.where((deals.ladder == 0) & was_legacy, stages.PROPOSAL_LEGACY, stage[:, 7])
    for name, (position, planted) in _SHOWCASE_VISITS.items():
        stage[:, position] = np.where(deals.showcase == SHOWCASES.index(name), planted, stage[:, position])
    return stage


def _entries(deals: Deals, visited: Flags) -> Ints:
    """Entry days by position: shares of the cycle, one per canonical step, up to the depth reached."""
    weights = np.empty((len(deals), 7))
    for step, weight in enumerate(facts.STAGE_TIME_WEIGHTS):
        weights[:, step] = weight * np.exp(facts.STAGE_TIME_SPREAD * normal(deals.life_key, f"time in step {step + 1}"))
    weights[:, 6] = 0.0
    starts_late = ~visited[:, 1]
    weights[:, 0] = np.where(starts_late, 0.0, weights[:, 0])
    weights = np.where(np.arange(7) < deals.depth[:, None], weights, 0.0)
    for name, (position, _) in _SHOWCASE_VISITS.items():
        step = int(np.floor(stages.LADDER_DEPTHS[1 if name == "C02" else 2 if "partner" in name else 0][position])) - 1
        weights[:, step] = np.where(deals.showcase == SHOWCASES.index(name), _SHOWCASE_WEIGHT, weights[:, step])
    ends = np.cumsum(weights, axis=1)
    starts: Floats = np.concatenate([np.zeros((len(deals), 1)), ends], axis=1) / ends[:, -1:]
    depth = np.minimum(stages.LADDER_DEPTHS[deals.ladder], 6.0)
    step_no = np.maximum(np.floor(depth).astype(np.int64), 1) - 1
    rows = np.arange(len(deals))[:, None]
    share = starts[rows, step_no] + (depth - np.floor(depth)) * (starts[rows, step_no + 1] - starts[rows, step_no])
    offset = np.floor(np.round(share, 9) * deals.cycle_days[:, None]).astype(np.int64)
    entry = on_or_after(deals.created_day[:, None] + offset)
    first = visited.argmax(axis=1)
    entry[np.arange(len(deals)), first] = deals.created_day
    return entry


def _close_days(deals: Deals) -> Ints:
    """The cycle's end on a business day, often put off to the last days of the month."""
    day = on_or_after(deals.created_day + deals.cycle_days)
    share = np.where(deals.outcome == WON, facts.MONTH_END_SHARE_WON, facts.MONTH_END_SHARE_LOST)
    rush = on_or_after(last_business_day_of_month(day) - pick(deals.life_key, "days before month end", 3))
    return np.where(happens(deals.life_key, "month end", share), np.maximum(day, rush), day)


def _fallbacks(deals: Deals, previous: Ints, entered: Ints, close_day: Ints) -> tuple[Ints, Ints]:
    gap = close_day - entered
    fall = on_or_after(entered + np.floor(gap * 0.35).astype(np.int64))
    back = on_or_after(entered + np.floor(gap * 0.60).astype(np.int64))
    falls = (
        (deals.showcase < 0)
        & (previous > 0)
        & (entered < fall)
        & (fall < back)
        & (back < close_day)
        & happens(deals.key, "falls back", facts.REGRESSION_SHARE * facts.REGRESSION_TRIES)
    )
    return np.where(falls, fall, -1), np.where(falls, back, -1)


def _reopenings(deals: Deals, close_day: Ints) -> tuple[Ints, Ints, Ints]:
    share = np.where(deals.outcome == WON, facts.REOPEN_SHARE_WON, facts.REOPEN_SHARE_LOST)
    reopens = (deals.showcase < 0) & happens(deals.key, "re-opened", share)
    day = on_or_after(close_day + between(deals.key, "re-opened after", *facts.REOPENED_AFTER_DAYS))
    second = on_or_after(day + between(deals.key, "closed again after", *facts.CLOSED_AGAIN_AFTER_DAYS))
    # only a deal that had climbed to closing can be won at once: anything else would skip stages
    wins = (
        (deals.outcome != WON) & (deals.depth == 6) & (happens(deals.key, "second outcome", facts.REOPENED_WIN_SHARE))
    )
    outcome = np.where(wins, WON, np.where(deals.outcome == WON, LOST_COMPETITOR, NO_DECISION))
    return np.where(reopens, day, -1), np.where(reopens, second, -1), outcome
