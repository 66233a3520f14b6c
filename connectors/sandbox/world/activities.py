"""What is done about deals (e-mails, calls, meetings, tasks), and what hangs on them (contact roles, line items)."""

import duckdb
import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world import names
from connectors.sandbox.world.days import SECONDS_PER_DAY, on_or_after
from connectors.sandbox.world.deals import WON, Deals
from connectors.sandbox.world.hashing import Ints, Keys, between, derive_keys, happens, pick, uniform
from connectors.sandbox.world.people import Seats
from connectors.sandbox.world.records import CONTACTS_PER_ACCOUNT, contact_counts
from connectors.sandbox.world.scale import HUBSPOT_BASE, TWIN_BASE, Scale
from connectors.sandbox.world.storage import MISSING, append_rows, seconds
from connectors.sandbox.world.visits import Road

EMAIL, CALL, MEETING, TASK = 1, 2, 3, 4
_KINDS = {EMAIL: "email", CALL: "call", MEETING: "meeting", TASK: "task"}
ACTIVITIES_PER_KIND = 32
_WORKDAY_SECONDS = 34_000


def store_activities(
    connection: duckdb.DuckDBPyConnection, deals: Deals, road: Road, seats: Seats, created_at: Ints, deleted_at: Ints
) -> None:
    """Append plan.activities: spread over each deal's life, more of them on deals that will be won."""
    for kind, name in _KINDS.items():
        won, lost = facts.ACTIVITY_MEANS_WON[name], facts.ACTIVITY_MEANS_LOST[name]
        mean = np.where(deals.outcome == WON, won, lost) * np.where(deals.cycle_days < 25, 0.5, 1.15)
        count = np.minimum(
            np.floor(mean * (0.3 + 1.4 * uniform(deals.key, f"{name} count")) + 0.5), ACTIVITIES_PER_KIND - 1
        )
        deal = np.repeat(np.arange(len(deals)), count.astype(np.int64))
        if len(deal):
            _store_kind(connection, kind, deals, deal, road, seats, created_at, deleted_at)


def _store_kind(
    connection: duckdb.DuckDBPyConnection,
    kind: int,
    deals: Deals,
    deal: Ints,
    road: Road,
    seats: Seats,
    created_at: Ints,
    deleted_at: Ints,
) -> None:
    place = np.arange(len(deal)) - np.searchsorted(deal, deal, side="left")
    keys = derive_keys(deals.key[deal], f"activity {kind}", place)
    life = np.maximum(road.close_day - deals.created_day, 1)[deal]
    day = on_or_after(deals.created_day[deal] + np.floor(life * uniform(keys, "when")).astype(np.int64))
    minutes = between(keys, "minutes", 1, 4) * 15 if kind == MEETING else between(keys, "minutes", 1, 40)
    entered, at, done = _moments(kind, keys, day, created_at[deal] + 60 * place, minutes * 60)
    end_of_life = np.where(deleted_at == MISSING, np.iinfo(np.int64).max, deleted_at)[deal]
    keep = at < end_of_life - 2 * 3600
    columns = {
        "activity_no": (deals.no[deal] * len(_KINDS) + kind - 1) * ACTIVITIES_PER_KIND + place,
        "deal_no": deals.no[deal],
        "account_no": deals.account_no[deal],
        "contact_no": deals.account_no[deal] * CONTACTS_PER_ACCOUNT,
        "kind": np.full(len(deal), kind),
        "owner_no": seats.owner_on(deals.seat[deal], day),
        "subject": pick(keys, "subject", 1000),
        "is_inbound": happens(keys, "inbound", 0.4),
        "is_connected": happens(keys, "connected", 0.6),
        "minutes": minutes,
    }
    times = {"entered_at": entered, "starts_at": at, "done_at": done}
    append_rows(
        connection,
        "plan.activities",
        {name: values[keep] for name, values in columns.items()}
        | {name: seconds(values[keep]) for name, values in times.items()},
    )


def _moments(kind: int, keys: Keys, day: Ints, born: Ints, length: Ints) -> tuple[Ints, Ints, Ints]:
    """When an activity is entered, takes place (or is due), and is done; a task may never be."""
    at = np.maximum(day * SECONDS_PER_DAY + 8 * 3600 + pick(keys, "second", _WORKDAY_SECONDS), born + 600)
    if kind == EMAIL:
        return at, at, at
    if kind == CALL:
        # logged when it is over
        return at + length, at, at + length
    if kind == MEETING:
        return np.maximum(at - between(keys, "ahead", 1, 7) * SECONDS_PER_DAY, born + 300), at, at + length
    due_day = on_or_after(day + between(keys, "due in", 1, 10))
    due = due_day * SECONDS_PER_DAY + 9 * 3600 + pick(keys, "done second", 25_000)
    return at, due, np.where(happens(keys, "done", 0.85), due, MISSING)


def store_attachments(connection: duckdb.DuckDBPyConnection, scale: Scale, deals: Deals, created_at: Ints) -> None:
    """Append plan.deal_contacts (contact roles, associations) and plan.line_items (Salesforce only)."""
    is_hubspot = deals.no >= HUBSPOT_BASE
    # a shared company has the contacts of its Salesforce account
    looks_like = np.where(
        deals.account_no >= HUBSPOT_BASE + TWIN_BASE, deals.account_no - HUBSPOT_BASE - TWIN_BASE, deals.account_no
    )
    counts = contact_counts(scale, looks_like)
    for place in (0, 1):
        has = happens(deals.key, "has contacts", facts.CONTACT_ROLE_SHARE) & (counts > place)
        later = np.where(is_hubspot, 0, pick(deals.key, "role days", 20) * SECONDS_PER_DAY * place)
        at = on_or_after((created_at + later) // SECONDS_PER_DAY) * SECONDS_PER_DAY + created_at % SECONDS_PER_DAY
        append_rows(
            connection,
            "plan.deal_contacts",
            {
                "deal_no": deals.no[has],
                "contact_no": (deals.account_no * CONTACTS_PER_ACCOUNT + place)[has],
                "place": np.full(int(has.sum()), place),
                "role": pick(deals.key, f"role {place}", len(names.CONTACT_ROLES))[has],
                "created_at": seconds((at + np.where(is_hubspot, 0, 900))[has]),
            },
        )
    _store_lines(connection, deals, created_at)


def _store_lines(connection: duckdb.DuckDBPyConnection, deals: Deals, created_at: Ints) -> None:
    """Lines share the deal's amount by percent bands, so that they always add up to it."""
    has = (deals.ladder == 0) & happens(deals.key, "has lines", facts.LINE_ITEM_SHARE)
    count = np.where(has, 1 + pick(deals.key, "lines", 4), 0)
    deal = np.repeat(np.arange(len(deals)), count)
    if not len(deal):
        return
    place = np.arange(len(deal)) - np.searchsorted(deal, deal, side="left")
    keys = derive_keys(deals.key[deal], "line", place)
    band = 100 // count[deal]
    append_rows(
        connection,
        "plan.line_items",
        {
            "deal_no": deals.no[deal],
            "line_no": place,
            "from_percent": place * band,
            "to_percent": np.where(place == count[deal] - 1, 100, (place + 1) * band),
            "product": (pick(deals.key[deal], "first product", len(names.PRODUCTS)) + place) % len(names.PRODUCTS),
            "quantity": between(keys, "quantity", 1, 24),
            "discount_percent": np.where(
                happens(keys, "discounted", facts.DISCOUNTED_LINE_SHARE), between(keys, "discount", 2, 25), 0
            ),
            "created_at": seconds(created_at[deal] + 1200),
        },
    )
