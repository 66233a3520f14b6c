"""What happens to deals, as rows of (deal, day, rank, what changes), gathered from many draws and put in order."""

from dataclasses import dataclass, field

import numpy as np

from connectors.sandbox.world.days import SECONDS_PER_DAY
from connectors.sandbox.world.hashing import Flags, Ints, Keys, derive_keys, pick

# an event that leaves a field alone
UNCHANGED = -9
# an amount that nobody has filled in yet
NO_AMOUNT = -1
FIELDS = ("stage", "amount", "close_day", "owner", "category", "reason", "competitor", "next_step")

# order within one day
RANK_CREATED, RANK_VISIT, RANK_FALLBACK, RANK_RETURN, RANK_CATEGORY = 0, 10, 20, 21, 30
RANK_AMOUNT, RANK_CLOSE_DATE, RANK_OWNER, RANK_CLOSED, RANK_REOPENED, RANK_CLOSED_AGAIN = 40, 50, 60, 90, 95, 96

_DAY_BEGINS = 8 * 3600


@dataclass
class EventRows:
    """Events of a batch of deals; `deal` numbers the deals within the batch."""

    deal: list[Ints] = field(default_factory=list)
    day: list[Ints] = field(default_factory=list)
    rank: list[Ints] = field(default_factory=list)
    values: dict[str, list[Ints]] = field(default_factory=lambda: {name: [] for name in FIELDS})

    def add(self, happens: Flags, day: Ints, rank: int, **changes: Ints | int) -> None:
        """One event per deal for which `happens` holds; other arguments are per deal of the batch, or one for all."""
        deal = np.flatnonzero(happens).astype(np.int64)
        self.deal.append(deal)
        self.day.append(day[deal])
        self.rank.append(np.full(len(deal), rank, dtype=np.int64))
        for name in FIELDS:
            change = changes.get(name, UNCHANGED)
            values = np.full(len(deal), change, dtype=np.int64) if isinstance(change, int) else change[deal]
            self.values[name].append(values.astype(np.int64))

    def in_order(self) -> tuple[Ints, Ints, Ints, dict[str, Ints]]:
        """Deal, day, rank and field columns, sorted by deal, day and rank."""
        deal, day, rank = np.concatenate(self.deal), np.concatenate(self.day), np.concatenate(self.rank)
        order = np.lexsort((rank, day, deal))
        columns = {name: np.concatenate(parts)[order] for name, parts in self.values.items()}
        return deal[order], day[order], rank[order], columns


def fill_forward(values: Ints) -> Ints:
    """Each UNCHANGED entry takes the entry before it; every deal's first event sets all fields, so none leaks over."""
    position = np.where(values == UNCHANGED, 0, np.arange(len(values)))
    return values[np.maximum.accumulate(position)]


def starts_of_groups(*columns: Ints) -> Flags:
    """True where any of the sorted columns differs from the row before."""
    starts = np.zeros(len(columns[0]), dtype=np.bool_)
    starts[:1] = True
    for column in columns:
        starts[1:] |= column[1:] != column[:-1]
    return starts


def place_in_group(starts: Flags) -> Ints:
    """0, 1, 2 … within each group."""
    index = np.arange(len(starts))
    return index - np.maximum.accumulate(np.where(starts, index, 0))


def times_of(keys: Keys, deal: Ints, day: Ints) -> Ints:
    """Seconds since 1970 of ordered events: in business hours, strictly rising within a deal."""
    day_keys = derive_keys(keys[deal], "hour of day", day)
    place = place_in_group(starts_of_groups(deal, day))
    begin = _DAY_BEGINS + pick(day_keys, "begin", 14_400)
    return day * SECONDS_PER_DAY + begin + place * 1200 + pick(derive_keys(day_keys, "minute", place), "jitter", 1100)
