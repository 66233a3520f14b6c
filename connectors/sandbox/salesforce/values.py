"""SOQL literals as values: strings with escapes, 15- and 18-character ids, datetimes, days and day ranges."""

import re
from datetime import UTC, date, datetime, timedelta

from connectors.sandbox.salesforce.errors import malformed

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def text_of(quoted: str) -> str:
    """The text of a quoted SOQL string."""
    return _ESCAPE.sub(lambda match: _unescaped(match[1]), quoted[1:-1])


def like_pattern(quoted: str) -> str:
    """The pattern of a quoted LIKE string, with a backslash before a literal % or _ or backslash."""

    def keep(match: re.Match[str]) -> str:
        return match[0] if match[1] in "%_\\" else _unescaped(match[1])

    return _ESCAPE.sub(keep, quoted[1:-1])


def _unescaped(sequence: str) -> str:
    if sequence[0] == "u" and len(sequence) > 1:
        return chr(int(sequence[1:], 16))
    if sequence in "%_":
        return sequence
    if sequence not in _ESCAPES:
        raise malformed(f"Illegal escape sequence '\\{sequence}' in the query")
    return _ESCAPES[sequence]


def long_id(given: str) -> str | None:
    """The 18-character form of an id; None if it is no id at all."""
    if _ID.fullmatch(given) is None:
        return None
    case_sensitive = given[:15]
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(case_sensitive[start : start + 5]) if letter.isupper())
        suffix += _CHECKSUM[bits]
    return case_sensitive + suffix


def utc_datetime(literal: str) -> datetime:
    """A datetime literal as naive UTC, the way the world stores it; ValueError for a day that does not exist."""
    return datetime.fromisoformat(literal.upper()).astimezone(UTC).replace(tzinfo=None)


def day_range(literal: str, clock: datetime) -> tuple[date, date] | None:
    """First day and the day after the last of `TODAY`, `LAST_N_DAYS:30`, `THIS_QUARTER` …; None if unknown.

    Days and weeks are UTC's, weeks begin on Sunday as in a United States org.
    """
    name, _, number = literal.partition(":")
    today = clock.date()
    if number:
        return _counted_range(name, int(number), today)
    near = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
    if name in near:
        first = today + timedelta(days=near[name])
        return first, first + timedelta(days=1)
    when, _, unit = name.partition("_")
    steps = {"LAST": -1, "THIS": 0, "NEXT": 1}
    if when not in steps:
        return None
    if unit == "WEEK":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=steps[when])
        return sunday, sunday + timedelta(weeks=1)
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(unit)
    if months is None:
        return None
    period = (today.year * 12 + today.month - 1) // months + steps[when]
    return _first_of_month(period * months), _first_of_month((period + 1) * months)


def _counted_range(name: str, count: int, today: date) -> tuple[date, date] | None:
    if name == "LAST_N_DAYS":  # today included, and `count` days before it
        return today - timedelta(days=count), today + timedelta(days=1)
    if name == "NEXT_N_DAYS":
        return today + timedelta(days=1), today + timedelta(days=count + 1)
    return None


def _first_of_month(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)
