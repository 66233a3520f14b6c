"""Counter-based randomness: a draw is a pure function of (key, purpose), whatever batch or order it is made in.

Keys are 64-bit and made once per thing (a deal, an account, a day); every decision about that thing draws with its own
purpose. So a deal looks the same whether it was made with its world or by a tick two years later, on any machine.
"""

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_NORMAL_STEPS = 4096
_MASK = 0xFFFFFFFFFFFFFFFF


def make_keys(seed: int, purpose: str, numbers: Ints) -> Keys:
    """One key per number; different purposes give unrelated keys."""
    start = (seed * 0x9E3779B97F4A7C15 + _purpose_number(purpose)) & _MASK
    return _mix(_mix(numbers.astype(np.uint64) + np.uint64(start)))


def derive_keys(keys: Keys, purpose: str, numbers: Ints | int = 0) -> Keys:
    """Keys of parts (the third activity of a deal) from the keys of wholes."""
    counters = np.atleast_1d(np.asarray(numbers, dtype=np.int64)).astype(np.uint64)
    return _mix(keys ^ np.uint64(_purpose_number(purpose)) ^ _mix(counters * _GOLDEN + _GOLDEN))


def uniform(keys: Keys, purpose: str) -> Floats:
    """Draws in [0, 1), 53 bits."""
    return (_mix(keys ^ np.uint64(_purpose_number(purpose))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def happens(keys: Keys, purpose: str, share: float | Floats) -> Flags:
    """True for the given share of the keys."""
    return uniform(keys, purpose) < share


def pick(keys: Keys, purpose: str, count: int | Ints) -> Ints:
    """Whole numbers in [0, count), evenly."""
    return np.floor(uniform(keys, purpose) * count).astype(np.int64)


def between(keys: Keys, purpose: str, low: int, high: int) -> Ints:
    """Whole numbers in [low, high], evenly."""
    return low + pick(keys, purpose, high - low + 1)


def choose(keys: Keys, purpose: str, weights: tuple[float, ...]) -> Ints:
    """Indices into `weights`, as often as the weights say."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], uniform(keys, purpose), side="right").astype(np.int64)


def normal(keys: Keys, purpose: str) -> Floats:
    """Standard normal draws from a table of equal-probability steps (4 decimals, so no machine rounds differently)."""
    return _normal_table()[pick(keys, purpose, _NORMAL_STEPS)]


@cache
def _normal_table() -> Floats:
    law = NormalDist()
    steps = [round(law.inv_cdf((step + 0.5) / _NORMAL_STEPS), 4) for step in range(_NORMAL_STEPS)]
    return np.asarray(steps, dtype=np.float64)


@cache
def _purpose_number(purpose: str) -> int:
    """FNV-1a, 64 bits: stable where Python's own hash() is salted per process."""
    number = 0xCBF29CE484222325
    for byte in purpose.encode():
        number = ((number ^ byte) * 0x100000001B3) & _MASK
    return number


def _mix(values: Keys) -> Keys:
    """The splitmix64 finaliser."""
    mixed = values + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))
