"""Calendar days as whole numbers since 1970-01-01, business days, and times within a business day."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from connectors.sandbox.world.hashing import Flags, Ints

SECONDS_PER_DAY = 86_400
_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def day_date(number: int) -> date:
    """The calendar day of a day number."""
    return _EPOCH + timedelta(days=int(number))


def moment(day: int, hour: int = 0) -> datetime:
    """An aware UTC moment on a day number."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day), hours=hour)


def is_weekend(days: Ints) -> Flags:
    """Saturday or Sunday (day 0 was a Thursday)."""
    return (days + 3) % 7 >= 5


def on_or_after(days: Ints) -> Ints:
    """The same day, or the Monday after a weekend."""
    weekday = (days + 3) % 7
    return days + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))


def on_or_before(days: Ints) -> Ints:
    """The same day, or the Friday before a weekend."""
    weekday = (days + 3) % 7
    return days - np.where(weekday == 5, 1, np.where(weekday == 6, 2, 0))


def business_day_before(days: Ints) -> Ints:
    """The last business day strictly before each day."""
    return on_or_before(days - 1)


def last_business_day_of_month(days: Ints) -> Ints:
    """The last business day of the month that each day lies in."""
    ends = (month_number(days) + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
    return on_or_before(ends)


def last_business_day_of_quarter(days: Ints) -> Ints:
    """The last business day of the calendar quarter that each day lies in."""
    next_quarter = (month_number(days) // 3 + 1) * 3
    ends = next_quarter.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
    return on_or_before(ends)


def month_number(days: Ints) -> Ints:
    """Months since January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
