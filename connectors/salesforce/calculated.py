"""Values that change without a stamp: which records' formulas and roll-ups are read on which night."""

from datetime import datetime, timedelta

from connectors.landing import Window
from connectors.salesforce.columns import Selection
from connectors.salesforce.objects import SalesforceObject
from connectors.salesforce.query import ObjectQuery

# its open records are looked at every day; all others, and those of other objects, once a week
_EACH_NIGHT = "Opportunity"


def open_or_all(spec: SalesforceObject, window: Window, overlap: timedelta, selection: Selection) -> ObjectQuery | None:
    """The query of a calculated lane: all records where a week begins in the window, else open ones; None: none."""
    if window.lo is None or _week(window.lo + overlap) != _week(window.hi):
        return ObjectQuery(spec, window, selection, "present")
    return ObjectQuery(spec, window, selection, "open") if spec.name == _EACH_NIGHT else None


def _week(moment: datetime) -> tuple[int, int]:
    """Year and number of the ISO week, UTC."""
    year, week, _ = moment.isocalendar()
    return year, week
