"""Who sells: seats (a territory each) that people hold one after another, their managers, and when each comes and goes.

A deal belongs to a seat. Whoever holds the seat on a day owns its open deals; when a holder leaves, the successor takes
them over. The whole succession is known from the seed, so ownership never depends on what was generated before.
"""

from dataclasses import dataclass

import duckdb
import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world.days import SECONDS_PER_DAY, on_or_after
from connectors.sandbox.world.hashing import Ints, between, make_keys, pick
from connectors.sandbox.world.names import FIRST_NAMES, LAST_NAMES
from connectors.sandbox.world.scale import FIRST_CLOCK_DAY, HUBSPOT_BASE, START_DAY, Scale
from connectors.sandbox.world.storage import MISSING, Nullable, append_rows, seconds

HOLDERS_PER_SEAT = 12
SEATS_PER_MANAGER = 8
MANAGER_BASE, DIRECTOR_NO, SERVICE_NO = 1_000_000, 2_000_000, 3_000_000
# joins a week before taking over
_NOTICE_DAYS = 7


@dataclass(frozen=True)
class Seats:
    """First day of each holder of each seat: `starts[seat, k]`; `base` is added to user numbers of this CRM."""

    starts: Ints
    base: int

    def owner_on(self, seats: Ints, days: Ints) -> Ints:
        """User number of whoever holds each seat on each day."""
        holder = (self.starts[seats] <= days[:, None]).sum(axis=1) - 1
        owners: Ints = self.base + seats * HOLDERS_PER_SEAT + np.maximum(holder, 0)
        return owners


def make_seats(scale: Scale, is_hubspot: bool) -> Seats:
    """The succession of every seat of one CRM; shared HubSpot seats change hands with Salesforce's of that number."""
    count = scale.hubspot_seats if is_hubspot else scale.salesforce_seats
    own = _starts(scale.seed, "hubspot seat" if is_hubspot else "salesforce seat", count)
    if is_hubspot:
        shared = min(scale.shared_seats, scale.salesforce_seats)
        own[:shared] = _starts(scale.seed, "salesforce seat", shared)
    return Seats(own, HUBSPOT_BASE if is_hubspot else 0)


def store_people(connection: duckdb.DuckDBPyConnection, scale: Scale) -> None:
    """Fill plan.users and plan.tenures for both CRMs, for the next decades."""
    for is_hubspot in (False, True):
        seats = make_seats(scale, is_hubspot)
        _store_tenures(connection, seats)
        _store_holders(connection, scale, seats)
        _store_staff(connection, scale, seats)


def _starts(seed: int, purpose: str, count: int) -> Ints:
    seat_numbers = np.arange(count, dtype=np.int64)
    keys = make_keys(seed, purpose, seat_numbers)
    starts = np.zeros((count, HOLDERS_PER_SEAT), dtype=np.int64)
    starts[:, 0] = START_DAY - between(keys, "first start", 60, 900)
    low, high = facts.TENURE_DAYS_RANGE
    for holder in range(1, HOLDERS_PER_SEAT):
        length = between(keys, f"tenure {holder}", low, high)
        if holder == 1:
            # the first holders are mid-tenure when the world begins
            length = np.maximum(length, START_DAY + 30 - starts[:, 0])
            # and one of them leaves just after the first clock, so that the first ticks show it
            length = np.where(seat_numbers == 1, FIRST_CLOCK_DAY + 2 - starts[:, 0], length)
        starts[:, holder] = on_or_after(starts[:, holder - 1] + length)
    return starts


def _store_tenures(connection: duckdb.DuckDBPyConnection, seats: Seats) -> None:
    count = len(seats.starts)
    seat = np.repeat(np.arange(count, dtype=np.int64), HOLDERS_PER_SEAT)
    starts = seats.starts.ravel()
    ends = np.concatenate([seats.starts[:, 1:], np.full((count, 1), MISSING)], axis=1).ravel()
    append_rows(
        connection,
        "plan.tenures",
        {
            "seat": seats.base + seat,
            "user_no": seats.base + np.arange(count * HOLDERS_PER_SEAT, dtype=np.int64),
            "started_at": seconds(starts * SECONDS_PER_DAY + 7 * 3600),
            "ended_at": seconds(np.where(ends == MISSING, MISSING, ends * SECONDS_PER_DAY + 7 * 3600)),
        },
    )


def _store_holders(connection: duckdb.DuckDBPyConnection, scale: Scale, seats: Seats) -> None:
    count = len(seats.starts)
    seat = np.repeat(np.arange(count, dtype=np.int64), HOLDERS_PER_SEAT)
    number = np.arange(count * HOLDERS_PER_SEAT, dtype=np.int64)
    is_shared = (seat < scale.shared_seats) & (seats.base > 0)
    # a shared seat is held by the same persons in both CRMs: one number, hence one name and address
    person = np.where(is_shared | (seats.base == 0), number, seats.base + number)
    starts = seats.starts.ravel()
    ends = np.concatenate([seats.starts[:, 1:], np.full((count, 1), MISSING)], axis=1).ravel()
    _store_users(
        connection,
        scale,
        seats.base + number,
        person,
        starts - _NOTICE_DAYS,
        np.where(ends == MISSING, MISSING, ends),
        seats.base + MANAGER_BASE + seat // SEATS_PER_MANAGER,
        "rep",
    )


def _store_staff(connection: duckdb.DuckDBPyConnection, scale: Scale, seats: Seats) -> None:
    managers = np.arange(-(-len(seats.starts) // SEATS_PER_MANAGER), dtype=np.int64)
    long_ago = np.full(len(managers), START_DAY - 1000)
    never = np.full(len(managers), MISSING)
    director = np.full(len(managers), seats.base + DIRECTOR_NO)
    _store_users(
        connection,
        scale,
        seats.base + MANAGER_BASE + managers,
        seats.base + MANAGER_BASE + managers,
        long_ago,
        never,
        director,
        "manager",
    )
    for kind, number in (("director", DIRECTOR_NO), ("service", SERVICE_NO)):
        one = np.array([seats.base + number], dtype=np.int64)
        _store_users(connection, scale, one, one, long_ago[:1], never[:1], never[:1], kind)


def _store_users(
    connection: duckdb.DuckDBPyConnection,
    scale: Scale,
    numbers: Ints,
    persons: Ints,
    first_days: Ints,
    last_days: Ints,
    managers: Ints,
    kind: str,
) -> None:
    keys = make_keys(scale.seed, "person", persons)
    append_rows(
        connection,
        "plan.users",
        {
            "user_no": numbers,
            "person_no": persons,
            "first_name": pick(keys, "first name", len(FIRST_NAMES)),
            "last_name": pick(keys, "last name", len(LAST_NAMES)),
            "created_at": seconds(first_days * SECONDS_PER_DAY + 9 * 3600),
            # accounts are switched off in the evening of the last day
            "left_at": seconds(np.where(last_days == MISSING, MISSING, last_days * SECONDS_PER_DAY + 18 * 3600)),
            "manager_no": Nullable(managers),
        },
        {"kind": kind},
    )
