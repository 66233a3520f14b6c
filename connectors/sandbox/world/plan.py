"""The plan: every deal's whole life, past and future, in schema `plan`; the visible CRMs show the part up to the clock.

scale ─► deals ─► visits ─► lives ─► versions ┐
            └──► accounts, contacts, leads    ├─► plan.* ──(clock)──► salesforce.*, hubspot.*, truth.*
            └──► activities, lines, contacts  ┘
"""

import duckdb
import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world import names
from connectors.sandbox.world.activities import store_activities, store_attachments
from connectors.sandbox.world.deals import Deals, draw_deals
from connectors.sandbox.world.hashing import Ints, happens, pick
from connectors.sandbox.world.lives import plan_events
from connectors.sandbox.world.people import Seats, make_seats, store_people
from connectors.sandbox.world.records import store_accounts, store_leads
from connectors.sandbox.world.scale import HUBSPOT_BASE, LOOKAHEAD_DAYS, START_DAY, Scale
from connectors.sandbox.world.storage import Nullable, append_rows, seconds
from connectors.sandbox.world.versions import Deletions, draw_deletions, store_versions, time_defects
from connectors.sandbox.world.visits import Road, plan_roads

# rows of a batch that are held in memory at once: about 400 MB at the largest
_BATCH_DEALS = 120_000
_BATCH_DAYS = 30  # the fewest days of a batch: each one costs the same statements


def plan_until(connection: duckdb.DuckDBPyConnection, scale: Scale, plants: frozenset[str], clock_day: int) -> None:
    """Make everything that comes up before the end of `clock_day` plus the look-ahead, from the first day on."""
    connection.execute("create schema if not exists plan")
    store_people(connection, scale)
    last_day = clock_day + LOOKAHEAD_DAYS
    deals = max(1, int(scale.salesforce_deals + scale.hubspot_deals))
    days_per_batch = max(_BATCH_DAYS, (last_day - START_DAY) * _BATCH_DEALS // deals)
    plan_days(connection, scale, plants, START_DAY, last_day, days_per_batch)


def plan_days(
    connection: duckdb.DuckDBPyConnection,
    scale: Scale,
    plants: frozenset[str],
    first_day: int,
    last_day: int,
    days_per_batch: int = _BATCH_DAYS,
) -> None:
    """Make everything that comes up from `first_day` to `last_day`, a batch of days at a time."""
    for first in range(first_day, last_day + 1, days_per_batch):
        _plan_batch(connection, scale, plants, first, min(first + days_per_batch - 1, last_day))


def _plan_batch(
    connection: duckdb.DuckDBPyConnection, scale: Scale, plants: frozenset[str], first_day: int, last_day: int
) -> None:
    """Make everything that comes up from `first_day` to `last_day`; each thing comes out the same in any batch."""
    store_accounts(connection, scale, first_day, last_day)
    for is_hubspot in (False, True):
        deals = draw_deals(scale, is_hubspot, first_day, last_day, plants)
        if not len(deals):
            continue
        road = plan_roads(deals, plants)
        seats = make_seats(scale, is_hubspot)
        deletions = draw_deletions(deals)
        events = plan_events(deals, road, seats, plants)
        created_at = store_versions(connection, deals, road, events, deletions, plants)
        _store_deals(connection, deals, road, seats, deletions, created_at, plants)
        store_activities(connection, deals, road, seats, created_at, deletions.deleted_at)
        store_attachments(connection, scale, deals, created_at)
        if not is_hubspot:
            store_leads(connection, scale, deals, created_at)


def _store_deals(
    connection: duckdb.DuckDBPyConnection,
    deals: Deals,
    road: Road,
    seats: Seats,
    deletions: Deletions,
    created_at: Ints,
    plants: frozenset[str],
) -> None:
    shown = created_at
    if "C16" in plants:
        # its history is older than the record claims to be, as after a careless data migration
        shown = np.where(time_defects(deals, road) & (deals.ladder == 0), created_at + 5 * 3600, created_at)
    append_rows(
        connection,
        "plan.deals",
        {
            "deal_no": deals.no,
            "is_hubspot": deals.no >= HUBSPOT_BASE,
            "ladder": deals.ladder,
            "account_no": deals.account_no,
            "twin_no": Nullable(deals.twin_no),
            "creator_no": seats.owner_on(deals.seat, deals.created_day),
            "subject": pick(deals.life_key, "subject", len(names.DEAL_SUBJECTS)),
            "type": pick(deals.life_key, "type", 3),
            "source": pick(deals.life_key, "source", len(names.LEAD_SOURCES)),
            "has_source": happens(deals.life_key, "has source", facts.LEAD_SOURCE_SHARE),
            "created_at": seconds(created_at),
            "shown_created_at": seconds(shown),
            "deleted_at": seconds(deletions.deleted_at),
            "purged_at": seconds(deletions.purged_at),
        },
    )
