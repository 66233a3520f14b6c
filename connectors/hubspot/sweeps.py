"""Which records are read again though nothing says that they changed: a share each night, all of them each week."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from zlib import crc32

from connectors.landing import Window


def begins_day(window: Window, overlap: timedelta) -> bool:
    """Whether the run is the first of a day, UTC; False for a first load, which reads everything anyway."""
    return window.lo is not None and (window.lo + overlap).date() < window.hi.date()


def begins_week(window: Window, overlap: timedelta) -> bool:
    """Whether the run is the first of an ISO week, UTC; False for a first load."""
    return window.lo is not None and (window.lo + overlap).isocalendar()[:2] < window.hi.isocalendar()[:2]


def share_of_night(ids: Sequence[str], most: int, night: datetime) -> list[str]:
    """At most `most` of `ids`, others each night, so that each one has its turn; all of them if they are no more."""
    nights = ceil(len(ids) / most)
    if nights > 1:
        nights = ceil(1.1 * len(ids) / most)  # turns are not of the same length
    if nights <= 1:
        return list(ids)
    # by the id itself: whoever joins or leaves the list moves nobody else's turn
    tonight = [key for key in ids if crc32(key.encode()) % nights == night.toordinal() % nights]
    return tonight[:most]
