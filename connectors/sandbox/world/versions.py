"""From events to plan.versions: the full state of each deal from one event to the next, with what came before it."""

from dataclasses import dataclass

import duckdb
import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world import stages
from connectors.sandbox.world.days import SECONDS_PER_DAY, month_number, on_or_after
from connectors.sandbox.world.deals import Deals
from connectors.sandbox.world.events import (
    NO_AMOUNT,
    RANK_CLOSED,
    RANK_CLOSED_AGAIN,
    UNCHANGED,
    EventRows,
    fill_forward,
    place_in_group,
    starts_of_groups,
    times_of,
)
from connectors.sandbox.world.hashing import Flags, Ints, between, happens, make_keys, pick, uniform
from connectors.sandbox.world.identifiers import VERSIONS_PER_DEAL
from connectors.sandbox.world.records import stems_from_lead
from connectors.sandbox.world.storage import MISSING, Column, Nullable, append_rows, seconds
from connectors.sandbox.world.visits import Road

_NOON = SECONDS_PER_DAY // 2
_EVENING = 18 * 3600 + 1800


@dataclass(frozen=True)
class Deletions:
    """Seconds at which each deal goes to the bin and leaves it for good; MISSING where it never does."""

    deleted_at: Ints
    purged_at: Ints


def draw_deletions(deals: Deals) -> Deletions:
    """A few ordinary deals are deleted, of those some purged: two weeks later, the next day, or (HubSpot) at once."""
    deleted = (deals.showcase < 0) & (deals.twin_no < 0) & happens(deals.key, "deleted", facts.DELETED_DEAL_SHARE)
    after = 2 + np.floor(deals.cycle_days * 1.1 * uniform(deals.key, "deleted when")).astype(np.int64)
    day = on_or_after(deals.created_day + after)
    deleted_at = day * SECONDS_PER_DAY + _EVENING + pick(deals.key, "deleted minute", 1500)
    # the lead of a converted deal names it for ever, so that one stays in the bin
    purged = deleted & ~stems_from_lead(deals) & happens(deals.key, "purged", facts.PURGED_OF_DELETED_SHARE)
    waits = np.where(deals.ladder > 0, 0, np.where(happens(deals.key, "purged soon", facts.PURGED_SOON_SHARE), 1, 15))
    purged_at = deleted_at + waits * SECONDS_PER_DAY
    return Deletions(np.where(deleted, deleted_at, MISSING), np.where(purged, purged_at, MISSING))


def store_versions(
    connection: duckdb.DuckDBPyConnection,
    deals: Deals,
    road: Road,
    events: EventRows,
    deletions: Deletions,
    plants: frozenset[str],
) -> Ints:
    """Append the batch to plan.versions; returns each deal's creation moment in seconds."""
    deal, day, rank, columns = events.in_order()
    last_moment = np.where(deletions.deleted_at == MISSING, np.iinfo(np.int64).max, deletions.deleted_at)
    alive = day * SECONDS_PER_DAY < last_moment[deal]
    deal, day, rank = deal[alive], day[alive], rank[alive]
    columns = {name: values[alive] for name, values in columns.items()}
    at = times_of(deals.key, deal, day)
    starts = starts_of_groups(deal)
    columns["probability"] = _probabilities(deals, deal, day, columns["stage"], plants)
    columns["category"] = _categories(deals, deal, columns["stage"], columns["category"])
    created_at = at[starts]
    columns["close_at"] = _close_moments(deals, deal, rank, at, created_at, columns.pop("close_day"), road, plants)
    state = {name: fill_forward(values) for name, values in columns.items()}
    append_rows(connection, "plan.versions", _table(deals, deal, at, starts, state))
    return created_at


def _probabilities(deals: Deals, deal: Ints, day: Ints, stage: Ints, plants: frozenset[str]) -> Ints:
    """The stage's default when a deal enters it; a few reps put in what they feel."""
    is_set = stage != UNCHANGED
    default = stages.default_probabilities(plants, np.where(is_set, stage, 0), day)
    seat_keys = make_keys(0, "seat habit", deals.seat)
    feels = happens(seat_keys, "overrides", facts.OVERRIDING_SEAT_SHARE) & (deals.ladder == 0) & (deals.showcase < 0)
    feels &= happens(deals.key, "overrides", facts.OVERRIDDEN_DEAL_SHARE)
    shift = np.where(happens(deals.key, "optimist", facts.OVERRIDE_OPTIMIST_SHARE), 10, -15)
    felt = np.where(feels[deal] & (default >= 20) & (default < 100), np.clip(default + shift[deal], 5, 95), default)
    return np.where(is_set, felt, UNCHANGED)


def _categories(deals: Deals, deal: Ints, stage: Ints, category: Ints) -> Ints:
    """Salesforce sets the category whenever the stage changes; in HubSpot only some people fill it in (0 = empty)."""
    default = stages.stage_categories()[np.where(stage == UNCHANGED, 0, stage)]
    is_hubspot = deals.ladder[deal] > 0
    fills = happens(deals.key, "fills category", facts.MANUAL_CATEGORY_SHARE) & (deals.showcase < 0)
    filled = np.where(
        fills[deal] & ((default == stages.BEST_CASE) | (default == stages.COMMIT)),
        default,
        np.where(category == UNCHANGED, UNCHANGED, 0),
    )
    by_stage = np.where(is_hubspot, filled, default)
    by_hand = (category != UNCHANGED) & (category != 0)
    return np.where(by_hand, category, np.where(stage != UNCHANGED, by_stage, UNCHANGED))


def _close_moments(
    deals: Deals,
    deal: Ints,
    rank: Ints,
    at: Ints,
    created_at: Ints,
    close_day: Ints,
    road: Road,
    plants: frozenset[str],
) -> Ints:
    """Noon of the expected day while open, the closing instant when closed; planted: closed before it was created."""
    expected = close_day * SECONDS_PER_DAY + _NOON
    closes = (rank == RANK_CLOSED) | (rank == RANK_CLOSED_AGAIN)
    # a deal that only looks lost keeps the date that somebody typed
    moment = np.where(closes & (close_day * SECONDS_PER_DAY < at), at, expected)
    if "C16" in plants:
        typed = time_defects(deals, road) & (deals.ladder > 0)
        early = created_at - between(deals.key, "days too early", 5, 30) * SECONDS_PER_DAY
        moment = np.where((rank == RANK_CLOSED) & typed[deal], early[deal], moment)
    return np.where(close_day == UNCHANGED, UNCHANGED, moment)


def time_defects(deals: Deals, road: Road) -> Flags:
    """Deals whose dates contradict each other when that is planted."""
    drawn = happens(deals.key, "time defect", facts.PLANTED_TIME_DEFECT_SHARE * np.where(deals.ladder == 0, 2, 1))
    # in Salesforce the defect is there from birth: only short deals have it, so that few open ones are touched
    return drawn & (deals.showcase < 0) & (road.reopened_day < 0) & ((deals.ladder > 0) | (deals.cycle_days < 60))


def _table(deals: Deals, deal: Ints, at: Ints, starts: Flags, state: dict[str, Ints]) -> dict[str, Column]:
    before = {name: np.where(starts, UNCHANGED, np.roll(values, 1)) for name, values in state.items()}
    changed = {name: state[name] != before[name] for name in state}
    in_history = starts | changed["stage"] | changed["amount"] | changed["probability"] | changed["close_at"]
    stage_moved = changed["stage"] & ~starts
    ends = np.append(at[1:], MISSING)
    ends = np.where(np.append(starts[1:], True), MISSING, ends)
    version_no = place_in_group(starts)
    if version_no.max(initial=0) >= VERSIONS_PER_DEAL:
        raise OverflowError(
            f"A deal has {version_no.max() + 1} versions; ids are made for fewer than {VERSIONS_PER_DEAL}."
        )
    columns: dict[str, Column] = {
        "deal_no": deals.no[deal],
        "version_no": version_no,
        "happened_at": seconds(at),
        "ended_at": seconds(ends),
        "in_history": in_history,
        "superseded_at": seconds(_next_marked(deal, at, in_history)),
        "stage_no": state["stage"],
        "prev_stage_no": Nullable(np.where(starts, MISSING, before["stage"])),
        "probability": state["probability"],
        "amount": Nullable(np.where(state["amount"] == NO_AMOUNT, MISSING, state["amount"])),
        "prev_amount": Nullable(np.where(before["amount"] < 0, MISSING, before["amount"])),
        "close_at": seconds(state["close_at"]),
        "prev_close_at": seconds(np.where(starts, MISSING, before["close_at"])),
        "owner_no": state["owner"],
        "prev_owner_no": Nullable(np.where(starts, MISSING, before["owner"])),
        "category": state["category"],
        "prev_category": Nullable(np.where(starts, MISSING, before["category"])),
        "reason": state["reason"],
        "competitor": state["competitor"],
        "next_step": state["next_step"],
        "push_count": _running_pushes(starts, state["close_at"], before["close_at"]),
        "stage_changed_at": seconds(_last_marked(starts, at, stage_moved)),
    }
    return columns


def _next_marked(deal: Ints, at: Ints, marked: Flags) -> Ints:
    """For marked rows, the moment of the deal's next marked row; MISSING elsewhere."""
    result = np.full(len(at), MISSING, dtype=np.int64)
    rows = np.flatnonzero(marked)
    follows = deal[rows[1:]] == deal[rows[:-1]]
    result[rows[:-1]] = np.where(follows, at[rows[1:]], MISSING)
    return result


def _last_marked(starts: Flags, at: Ints, marked: Flags) -> Ints:
    """The moment of the newest marked row of the deal so far; MISSING before the first."""
    return fill_forward(np.where(starts, MISSING, np.where(marked, at, UNCHANGED)))


def _running_pushes(starts: Flags, close_at: Ints, before: Ints) -> Ints:
    """How often the close date has moved to a later month so far."""
    later = ~starts & (month_number(close_at // SECONDS_PER_DAY) > month_number(before // SECONDS_PER_DAY))
    running = np.cumsum(later)
    at_start = np.maximum.accumulate(np.where(starts, running, 0))
    return running - at_start
