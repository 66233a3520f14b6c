"""Lives of deals: the road and everything beside it (dates, amounts, owners, calls of the forecast) as full versions.

A version is the whole state of a deal from one event to the next. Current rows, Salesforce's two histories and
HubSpot's property history are all read off the versions, which is why they agree.
"""

import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world import stages
from connectors.sandbox.world.close_dates import add_close_dates
from connectors.sandbox.world.days import (
    on_or_after,
)
from connectors.sandbox.world.deals import LOST_COMPETITOR, SHOWCASES, WON, Deals
from connectors.sandbox.world.events import (
    NO_AMOUNT,
    RANK_AMOUNT,
    RANK_CATEGORY,
    RANK_CLOSED,
    RANK_CLOSED_AGAIN,
    RANK_CREATED,
    RANK_FALLBACK,
    RANK_OWNER,
    RANK_REOPENED,
    RANK_RETURN,
    RANK_VISIT,
    UNCHANGED,
    EventRows,
)
from connectors.sandbox.world.hashing import Flags, Ints, derive_keys, happens, normal, pick, uniform
from connectors.sandbox.world.names import COMPETITORS, HUBSPOT_LOSS_REASONS, NEXT_STEPS, SALESFORCE_LOSS_REASONS
from connectors.sandbox.world.people import HOLDERS_PER_SEAT, Seats
from connectors.sandbox.world.visits import POSITIONS, Road

# loss reasons are numbered from 1 per CRM; these stand for the planted ones (NULL, '', 'tbd', '???')
UNMAPPED_REASON = 100
# a lost deal that is still open by its stage's flags keeps a date far ahead
_PARKED_DAYS = 3650


def plan_events(deals: Deals, road: Road, seats: Seats, plants: frozenset[str]) -> EventRows:
    """All events of all deals, from creation to the end, deletions aside."""
    events = EventRows()
    close_day = add_close_dates(events, deals, road, plants)
    _add_visits(events, deals, road, close_day, seats)
    _add_amounts(events, deals, road)
    _add_owners(events, deals, road, seats)
    _add_manual_categories(events, deals, road)
    _add_ends(events, deals, road, seats, plants)
    return events


def _add_visits(events: EventRows, deals: Deals, road: Road, first_close: Ints, seats: Seats) -> None:
    everything = np.ones(len(deals), dtype=np.bool_)
    rows = np.arange(len(deals))
    first = road.visited.argmax(axis=1)
    missing = happens(deals.key, "amount missing", facts.AMOUNT_MISSING_SHARE) & (deals.showcase < 0)
    events.add(
        everything,
        deals.created_day,
        RANK_CREATED,
        stage=road.stage[rows, first],
        amount=np.where(missing, NO_AMOUNT, deals.amount),
        close_day=first_close,
        owner=seats.owner_on(deals.seat, deals.created_day),
        category=0,
        reason=0,
        competitor=0,
        next_step=0,
    )
    retired = stages.retired_days()
    for position in range(1, POSITIONS + 1):
        stage, entry = road.stage[:, position], road.entry[:, position]
        step = np.where(
            happens(derive_keys(deals.key, "step", position), "set", facts.NEXT_STEP_SHARE),
            1 + pick(deals.key, f"next {position}", len(NEXT_STEPS)),
            UNCHANGED,
        )
        visits = road.visited[:, position] & (first != position) & may_enter(stage, entry, retired)
        events.add(visits, entry, RANK_VISIT + position, stage=stage, next_step=step)
    for day, positions, rank in (
        (road.fallback_day, road.previous, RANK_FALLBACK),
        (road.return_day, road.deepest, RANK_RETURN),
    ):
        stage, _ = road.visit(positions)
        events.add((day >= 0) & may_enter(stage, day, retired), day, rank, stage=stage)


def may_enter(stage: Ints, day: Ints, retired: dict[int, int]) -> Flags:
    """False where an admin has retired the stage by that day."""
    allowed = np.ones(len(stage), dtype=np.bool_)
    for stage_no, retired_day in retired.items():
        allowed &= ~((stage == stage_no) & (day >= retired_day))
    return allowed


def _add_amounts(events: EventRows, deals: Deals, road: Road) -> None:
    missing = happens(deals.key, "amount missing", facts.AMOUNT_MISSING_SHARE) & (deals.showcase < 0)
    never = happens(deals.key, "amount never", facts.AMOUNT_NEVER_SHARE / facts.AMOUNT_MISSING_SHARE)
    fill_day = on_or_after(deals.created_day + deals.cycle_days * 2 // 5)
    amount = deals.amount
    events.add(missing & ~never & (fill_day < road.close_day), fill_day, RANK_AMOUNT, amount=amount)
    for change, share in enumerate(facts.AMOUNT_CHANGE_SHARES):
        keys = derive_keys(deals.life_key, "amount change", change)
        part = (uniform(keys, "when") + change) / len(facts.AMOUNT_CHANGE_SHARES)
        day = on_or_after(deals.created_day + np.floor(deals.cycle_days * part).astype(np.int64))
        changes = ~missing & happens(keys, "changes", share) & (day > deals.created_day) & (day < road.close_day)
        changes &= deals.showcase < 0
        factor = np.round(np.clip(0.97 + 0.22 * normal(keys, "factor"), 0.4, 1.9), 4)
        amount = np.where(changes, np.maximum(np.round(amount * factor / 5000), 1).astype(np.int64) * 5000, amount)
        events.add(changes, day, RANK_AMOUNT, amount=amount)


def _add_owners(events: EventRows, deals: Deals, road: Road, seats: Seats) -> None:
    """Owners change when a seat changes hands while the deal is open, or when a manager moves it to another seat."""
    reassigned = (deals.showcase < 0) & happens(deals.key, "reassigned", facts.REASSIGN_SHARE)
    share = 0.2 + 0.5 * uniform(deals.key, "reassigned when")
    day = on_or_after(deals.created_day + np.floor(deals.cycle_days * share).astype(np.int64))
    reassigned &= (day > deals.created_day) & (day < road.close_day)
    day = np.where(reassigned, day, road.close_day + 100_000)
    other = (deals.seat + 1 + pick(deals.key, "other seat", max(1, len(seats.starts) - 1))) % len(seats.starts)
    events.add(reassigned, day, RANK_OWNER, owner=seats.owner_on(other, day))
    for holder in range(1, HOLDERS_PER_SEAT):
        for seat, begin, end in (
            (deals.seat, deals.created_day, np.minimum(day, road.close_day)),
            (other, day, road.close_day),
            (deals.seat, road.reopened_day, road.second_close_day),
        ):
            handover = seats.starts[seat, holder]
            events.add(
                (handover > begin) & (handover < end), handover, RANK_OWNER, owner=seats.owner_on(seat, handover)
            )


def _add_manual_categories(events: EventRows, deals: Deals, road: Road) -> None:
    """Reps call proposals a commit by hand (and in HubSpot some fill the category in at all)."""
    last_proposal = np.where(deals.ladder == 0, 7, np.where(deals.ladder == 1, 4, 5))
    closing = last_proposal + 1
    rows = np.arange(len(deals))
    _, entered = road.visit(last_proposal)
    until = np.where(road.visited[rows, closing], road.entry[rows, closing], road.close_day)
    day = on_or_after(entered + (until - entered) // 3)
    is_manual = (deals.ladder == 0) | happens(deals.key, "fills category", facts.MANUAL_CATEGORY_SHARE)
    calls = is_manual & road.visited[rows, last_proposal] & (deals.showcase < 0) & (day < until)
    calls &= happens(deals.key, "commit by hand", facts.COMMIT_BY_HAND_SHARE)
    events.add(calls, day, RANK_CATEGORY, category=stages.COMMIT)
    sandbags = is_manual & road.visited[rows, closing] & happens(deals.key, "sandbags", facts.SANDBAG_SHARE)
    _, in_closing = road.visit(closing)
    events.add(sandbags & (deals.showcase < 0), in_closing, RANK_CATEGORY, category=stages.BEST_CASE)


def _add_ends(events: EventRows, deals: Deals, road: Road, seats: Seats, plants: frozenset[str]) -> None:
    """The close, and for a few a second life."""
    parked = deals.showcase == SHOWCASES.index("C05")
    events.add(
        np.ones(len(deals), dtype=np.bool_),
        road.close_day,
        RANK_CLOSED,
        stage=road.close_stage,
        close_day=np.where(parked, on_or_after(road.close_day + _PARKED_DAYS), road.close_day),
        reason=_reasons(deals, deals.outcome, plants),
        competitor=_competitors(deals),
    )
    again = road.reopened_day >= 0
    open_stage, _ = road.visit(road.deepest)
    last_owner = seats.owner_on(deals.seat, road.reopened_day)
    back = np.where(again, on_or_after(road.second_close_day + 25), 0)
    events.add(
        again,
        road.reopened_day,
        RANK_REOPENED,
        stage=open_stage,
        close_day=back,
        reason=0,
        competitor=0,
        owner=last_owner,
    )
    second_stage = np.where(
        road.second_outcome == WON, stages.WON_STAGES[deals.ladder], stages.LOST_STAGES[deals.ladder]
    )
    events.add(
        again,
        road.second_close_day,
        RANK_CLOSED_AGAIN,
        stage=second_stage,
        close_day=road.second_close_day,
        reason=_reasons(deals, road.second_outcome, plants),
        competitor=0,
    )


def _reasons(deals: Deals, outcome: Ints, plants: frozenset[str]) -> Ints:
    """Numbers from 1 into the CRM's loss reasons of that class; 0 for won deals."""
    reason = np.zeros(len(deals), dtype=np.int64)
    for is_hubspot, reasons in ((False, SALESFORCE_LOSS_REASONS), (True, HUBSPOT_LOSS_REASONS)):
        for class_ in (2, 3, 4):
            fitting = np.array(
                [number for number, (_, kind) in enumerate(reasons, start=1) if kind == class_], dtype=np.int64
            )
            drawn = fitting[pick(deals.life_key, "reason", len(fitting))]
            reason = np.where(((deals.ladder > 0) == is_hubspot) & (outcome == class_), drawn, reason)
    if "C24" in plants:
        unusable = (
            (outcome != WON) & (deals.showcase < 0) & happens(deals.key, "no reason", facts.PLANTED_NO_REASON_SHARE)
        )
        # Salesforce stores an empty text as null, so only HubSpot has it
        kind = np.where(deals.ladder == 0, 2 * pick(deals.key, "which reason", 2), pick(deals.key, "which reason", 4))
        reason = np.where(unusable, UNMAPPED_REASON + kind, reason)
    return reason


def _competitors(deals: Deals) -> Ints:
    named = (deals.outcome == LOST_COMPETITOR) & happens(
        deals.life_key, "competitor named", facts.COMPETITOR_NAMED_SHARE_LOST
    )
    named |= (deals.outcome == WON) & happens(deals.life_key, "competitor beaten", facts.COMPETITOR_NAMED_SHARE_WON)
    return np.where(named, 1 + pick(deals.life_key, "competitor", len(COMPETITORS)), 0)
