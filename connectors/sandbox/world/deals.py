"""What each deal is from birth: who buys, who sells, how big, how long, and how it will end.

Everything here is drawn per deal from its own key, so a day's deals come out alike in any batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world.days import is_weekend, on_or_after
from connectors.sandbox.world.hashing import (
    Flags,
    Floats,
    Ints,
    Keys,
    between,
    choose,
    happens,
    make_keys,
    normal,
    pick,
    uniform,
)
from connectors.sandbox.world.scale import FIRST_CLOCK_DAY, HUBSPOT_BASE, SHOWCASE_BASE, START_DAY, TWIN_BASE, Scale

WON, LOST_COMPETITOR, NO_DECISION, LOST_OTHER = 1, 2, 3, 4
OUTCOME_NAMES = {WON: "won", LOST_COMPETITOR: "lost_competitor", NO_DECISION: "no_decision", LOST_OTHER: "lost_other"}

# a showcase deal of each plant is born this often, so that a few are always alive whatever the world's size
SHOWCASE_EVERY_DAYS = 28
SHOWCASES = ("C01", "C02", "C02 partner", "C05", "C07")
_SHOWCASE_LADDERS = np.array([0, 1, 2, 2, 0], dtype=np.int64)


@dataclass(frozen=True)
class Deals:
    """One entry per deal in every array; `ladder` is 0 Salesforce, 1 HubSpot default, 2 HubSpot partner.

    `life_key` equals the partner record's for a deal that both CRMs hold; `showcase` is -1 or an index of SHOWCASES.
    """

    no: Ints
    key: Keys
    life_key: Keys
    ladder: Ints
    created_day: Ints
    account_no: Ints
    seat: Ints
    twin_no: Ints
    showcase: Ints
    outcome: Ints
    depth: Ints
    cycle_days: Ints
    amount: Ints

    def __len__(self) -> int:
        return len(self.no)

    def only(self, mask: Flags) -> "Deals":
        """The deals for which the mask holds."""
        return Deals(**{field.name: getattr(self, field.name)[mask] for field in fields(self)})


def draw_deals(scale: Scale, is_hubspot: bool, first_day: int, last_day: int, plants: Iterable[str]) -> Deals:
    """Deals of one CRM created from `first_day` to `last_day`, both included.

    Own deals first, then the HubSpot records of shared ones, then showcases of the plants.
    """
    days = np.arange(first_day, last_day + 1, dtype=np.int64)
    number, created, account = _own_numbers(scale, is_hubspot, days)
    base = HUBSPOT_BASE if is_hubspot else 0
    parts = [(base + number, created, base + account, np.full(len(number), -1), np.full(len(number), -1))]
    if is_hubspot:
        parts.append(_twins(scale, days))
    parts.append(_showcases(scale, is_hubspot, days, frozenset(plants)))
    no, created_day, account_no, twin_no, showcase = (np.concatenate(column) for column in zip(*parts, strict=True))
    key = make_keys(scale.seed, "deal", no)
    if not is_hubspot:
        twin_no = np.where(_is_shared(scale, no, account_no), HUBSPOT_BASE + TWIN_BASE + no, -1)
    life_key = np.where(is_hubspot & (twin_no >= 0), make_keys(scale.seed, "deal", twin_no), key)
    seat = seat_of_account(scale, is_hubspot, account_no)
    outcome, depth, cycle = _destiny(scale, life_key, seat, is_hubspot)
    ladder = np.zeros(len(no), dtype=np.int64)
    if is_hubspot:
        ladder = np.where((twin_no < 0) & happens(key, "partner pipeline", facts.PARTNER_PIPELINE_SHARE), 2, 1)
    is_showcase = showcase >= 0
    return Deals(
        no=no,
        key=key,
        life_key=life_key,
        ladder=np.where(is_showcase, _SHOWCASE_LADDERS[showcase], ladder),
        created_day=created_day,
        account_no=account_no,
        seat=seat,
        twin_no=twin_no,
        showcase=showcase,
        outcome=np.where(is_showcase, np.where(showcase == SHOWCASES.index("C05"), LOST_COMPETITOR, outcome), outcome),
        depth=np.where(is_showcase, 6, depth),
        cycle_days=np.where(is_showcase, between(key, "showcase cycle", 150, 190), cycle),
        # small amounts: what is planted as an error stays far below the share that would hold publication back
        amount=np.where(is_showcase, between(key, "showcase amount", 20, 60) * 10_000, draw_amounts(life_key)),
    )


def seat_of_account(scale: Scale, is_hubspot: bool, account_no: Ints) -> Ints:
    """The territory an account lies in; a few territories are twice as busy."""
    count = scale.hubspot_seats if is_hubspot else scale.salesforce_seats
    draw = uniform(make_keys(scale.seed, "account", account_no), "seat")
    return np.floor(count * draw * (0.6 + 0.4 * draw)).astype(np.int64)


def is_shared_account(scale: Scale, account_no: Ints) -> Flags:
    """Salesforce accounts that HubSpot knows as well."""
    return (account_no < SHOWCASE_BASE) & happens(
        make_keys(scale.seed, "account", account_no), "shared", facts.SHARED_ACCOUNT_SHARE
    )


def draw_amounts(keys: Keys) -> Ints:
    """Amounts in cents: lognormal within a segment, mostly rounded."""
    segment = choose(keys, "segment", facts.SEGMENT_WEIGHTS)
    mu, sigma = np.asarray(facts.SEGMENT_AMOUNT_MU)[segment], np.asarray(facts.SEGMENT_AMOUNT_SIGMA)[segment]
    raw = np.round(np.exp(mu + sigma * normal(keys, "amount")), 3)
    step = np.where(happens(keys, "round amount", facts.ROUND_THOUSANDS_SHARE), np.where(raw > 50_000, 5000, 1000), 50)
    whole = np.maximum(np.round(raw / step), 1) * step
    cents = np.where(happens(keys, "odd cents", 0.12), pick(keys, "cents", 20) * 5, 0)
    return (whole * 100).astype(np.int64) + cents


def _own_numbers(scale: Scale, is_hubspot: bool, days: Ints) -> tuple[Ints, Ints, Ints]:
    """Number, creation day and account of ordinary deals: every third deal brings a new account."""
    firsts = scale.first_numbers(is_hubspot, np.append(days, days[-1] + 1))
    number = np.arange(firsts[0], firsts[-1], dtype=np.int64)
    created = np.repeat(days, np.diff(firsts))
    keys = make_keys(scale.seed, "hubspot buyer" if is_hubspot else "salesforce buyer", number)
    account = np.where(number % 3 == 0, number // 3, pick(keys, "account", number // 3 + 1))
    return number, created, account


def _is_shared(scale: Scale, no: Ints, account_no: Ints) -> Flags:
    keys = make_keys(scale.seed, "deal", no)
    return (no < SHOWCASE_BASE) & is_shared_account(scale, account_no) & happens(keys, "twin", facts.SHARED_DEAL_SHARE)


def _twins(scale: Scale, days: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """HubSpot records of the Salesforce deals that were entered twice."""
    number, created, account = _own_numbers(scale, False, days)
    shared = _is_shared(scale, number, account)
    number, created, account = number[shared], created[shared], account[shared]
    base = HUBSPOT_BASE + TWIN_BASE
    return base + number, created, base + account, number, np.full(len(number), -1)


def _showcases(
    scale: Scale, is_hubspot: bool, days: Ints, plants: frozenset[str]
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    base = HUBSPOT_BASE if is_hubspot else 0
    kinds = [
        kind
        for kind, name in enumerate(SHOWCASES)
        if name[:3] in plants and (_SHOWCASE_LADDERS[kind] > 0) == is_hubspot
    ]
    day = np.repeat(days, len(kinds))
    kind = np.tile(np.asarray(kinds, dtype=np.int64), len(days))
    # births are spread over the period; the newest before the first clock is about five weeks old
    is_birth = ((FIRST_CLOCK_DAY - 38 - 7 * kind - day) % SHOWCASE_EVERY_DAYS == 0) & (day > START_DAY + 420)
    day, kind = day[is_birth], kind[is_birth]
    number = SHOWCASE_BASE + (day - START_DAY) * len(SHOWCASES) + kind
    created = np.where(is_weekend(day), on_or_after(day), day)
    known = np.maximum(scale.first_numbers(is_hubspot, day) // 3, 1)
    account = pick(make_keys(scale.seed, "showcase buyer", base + number), "account", known)
    return base + number, created, base + account, np.full(len(number), -1), kind


def _destiny(scale: Scale, keys: Keys, seat: Ints, is_hubspot: bool) -> tuple[Ints, Ints, Ints]:
    """Outcome, canonical depth reached and days from creation to close."""
    chances = np.asarray(list(facts.OUTCOME_SHARES.values()))
    seat_keys = make_keys(scale.seed, "seat skill", seat + (HUBSPOT_BASE if is_hubspot else 0))
    spread = float(np.sqrt(chances[0] * (1 - chances[0]) / (facts.REP_WIN_CONCENTRATION + 1)))
    win = np.clip(chances[0] + spread * normal(seat_keys, "win rate"), 0.08, 0.7)
    edges = np.cumsum(chances[1:] / chances[1:].sum())
    lost = 2 + np.searchsorted(edges, uniform(keys, "how lost"), side="right")
    outcome = np.where(uniform(keys, "outcome") < win, WON, np.minimum(lost, LOST_OTHER)).astype(np.int64)
    depth = np.zeros(len(keys), dtype=np.int64)
    for number, name in OUTCOME_NAMES.items():
        depth = np.where(outcome == number, 2 + choose(keys, "depth", facts.DEPTH_WEIGHTS[name]), depth)
    return outcome, depth, _cycle_days(keys, outcome)


def _cycle_days(keys: Keys, outcome: Ints) -> Ints:
    is_fast = happens(keys, "fast cycle", facts.FAST_CYCLE["share"])
    z = normal(keys, "cycle")
    fast: Floats = facts.FAST_CYCLE["mu"] + facts.FAST_CYCLE["sigma"] * z
    slow: Floats = facts.SLOW_CYCLE["mu"] + facts.SLOW_CYCLE["sigma"] * z
    length = np.exp(np.where(is_fast, fast, slow)) * np.where(outcome == WON, 1.0, facts.LOST_CYCLE_FACTOR)
    return np.clip(np.round(np.round(length, 6)).astype(np.int64), *facts.CYCLE_DAYS_RANGE)
