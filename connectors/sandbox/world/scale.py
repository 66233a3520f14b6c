"""How big a world is, and how many deals each day brings: the numbering that lets a tick add days for ever."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from connectors.sandbox.world.days import day_number, is_weekend
from connectors.sandbox.world.hashing import Ints, make_keys, uniform

START_DAY = day_number(date(2024, 3, 18))
FIRST_CLOCK_DAY = day_number(date(2026, 3, 17))
CLOCK_HOUR = 2
# leads are made up to this long before the deal that they turn into: deals are planned that far ahead
LOOKAHEAD_DAYS = 45

HUBSPOT_BASE = 1 << 40
TWIN_BASE = 1 << 33
SHOWCASE_BASE = 1 << 32
_SIZE = re.compile(r"(\d+)([kM]?)")
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000}
_NAMED = {"small": (400, 250), "demo": (3000, 2000)}
_FEWEST = 50  # deals of a world, and of each CRM where they are given one by one
_HORIZON_DAYS = 7300


@dataclass(frozen=True)
class Scale:
    """Deals created from the first day to the first clock, by CRM, and the seats that sell them."""

    seed: int
    salesforce_deals: int
    hubspot_deals: int

    @property
    def salesforce_seats(self) -> int:
        return min(600, max(10, self.salesforce_deals // 60))

    @property
    def hubspot_seats(self) -> int:
        return min(400, max(8, self.hubspot_deals // 60))

    @property
    def shared_seats(self) -> int:
        """HubSpot seats held by people who also hold the Salesforce seat of that number."""
        return self.hubspot_seats // 4

    def first_numbers(self, is_hubspot: bool, days: Ints) -> Ints:
        """The number of the first deal of each day; a day's deals run up to the next day's first."""
        total = self.hubspot_deals if is_hubspot else self.salesforce_deals
        weights = _cumulative_weights(self.seed, is_hubspot)
        whole = weights[FIRST_CLOCK_DAY - START_DAY]
        firsts: Ints = np.floor(weights[np.clip(days - START_DAY, 0, _HORIZON_DAYS)] * total / whole + 1e-9).astype(
            np.int64
        )
        return firsts


def parse_size(size: str, seed: int) -> Scale:
    """`small`, `demo`, a number of deals such as 5000, 100k or 1M (60 % Salesforce's), or both: 1M+500.

    Raises:
        ValueError: it is none of these, or too small.
    """
    if size in _NAMED:
        return Scale(seed, *_NAMED[size])
    numbers = [_deals(text) for text in size.split("+")]
    if len(numbers) > 2 or sum(numbers) < _FEWEST or min(numbers) < (_FEWEST if len(numbers) == 2 else 0):
        raise ValueError(
            f"World size {size!r} is neither small, demo, a number of at least 50 such as 5000, 100k or 1M, nor "
            "Salesforce's and HubSpot's numbers such as 1M+500. Choose one of those."
        )
    if len(numbers) == 2:
        return Scale(seed, *numbers)
    return Scale(seed, numbers[0] * 3 // 5, numbers[0] - numbers[0] * 3 // 5)


def _deals(text: str) -> int:
    number = _SIZE.fullmatch(text)
    return int(number[1]) * _UNITS[number[2]] if number else 0


@cache
def _cumulative_weights(seed: int, is_hubspot: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weight of all days before each day since the start: business days, busier ones, slow growth, for twenty years."""
    days = START_DAY + np.arange(_HORIZON_DAYS, dtype=np.int64)
    noise = uniform(make_keys(seed, "hubspot day" if is_hubspot else "salesforce day", days), "deals")
    growth = 1.0 + 0.1 * (np.arange(_HORIZON_DAYS) / 365.0)
    weights = np.where(is_weekend(days), 0.0, (0.5 + np.round(noise, 6)) * growth)
    return np.concatenate([[0.0], np.cumsum(weights)])
