"""What both CRMs of one running sandbox share: the world, its frozen clock, faults, counters and credentials."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

import duckdb

from connectors.sandbox.faults import FaultBoard
from connectors.sandbox.stats import CallStats

SCRATCH = "wire"  # the in-memory database beside the world's that holds cursors and Bulk results


# Salesforce's limits that a test may lower; 0 is none. `query_rows`: a REST query of more runs out of time ·
# `activity_rows`: a query of more tasks or events is too large · `formula_fields`: more are too complicated
DEFAULT_LIMITS = {
    "daily_calls": 125_000,  # Enterprise with 25 licences: 100,000 + 1,000 each
    "deleted_ids": 600_000,
    "query_rows": 0,
    "activity_rows": 0,
    "formula_fields": 0,
    "bulk_jobs": 10_000,  # bulk_common_limits: query jobs per rolling 24 hours
    "bulk_page_rows": 100_000,
    "rest_page_rows": 2_000,
}


@dataclass(frozen=True)
class Credentials:
    """What a client must present. Loopback only, and the same in every sandbox."""

    salesforce_client_id: str = "sandbox-client"
    salesforce_client_secret: str = "sandbox-secret"  # noqa: S105 - public by design
    salesforce_username: str = "integration@sandbox.invalid"
    salesforce_password: str = "sandbox-password"  # noqa: S105 - public by design
    salesforce_security_token: str = "sandboxtoken"  # noqa: S105 - public by design
    hubspot_private_token: str = "pat-sandbox-0000"  # noqa: S105 - public by design


class EditError(ValueError):
    """An edit that cannot be made; the message says what it lacks or names wrongly."""


class ServedWorld(Protocol):
    """What the wire needs of a world."""

    @property
    def clock(self) -> datetime:
        """The world's present, aware UTC."""

    def tick(self, days: int = 1) -> dict[str, int]:
        """Play the next days; counts of what changed by kind."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor, to be closed by whoever asked."""

    def close(self) -> None:
        """Close the world's file."""


class Gate:
    """Many readers or one tick: no answer sees half a day played."""

    def __init__(self) -> None:
        self._readers = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Hold the world still."""
        async with self._changed:
            self._readers += 1
        try:
            yield
        finally:
            async with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Wait until nobody reads, and keep readers out."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._readers == 0)
            yield


@dataclass
class SandboxState:
    """Shared by the endpoints of both CRMs; `cursor()` is safe from any thread.

    `hidden` names what the integration user may not see: `OpportunityFieldHistory`, `Opportunity.Amount`,
    `deals.amount`. `no_bulk` names Salesforce objects that only REST serves, and
    `bulk_polls` is the status call at which a Bulk job is over, and `edits` counts edits and ticks: what was read of
    the CRMs' definitions is good for one value of it.
    """

    world: ServedWorld
    faults: FaultBoard = field(default_factory=FaultBoard)
    stats: CallStats = field(default_factory=CallStats)
    credentials: Credentials = field(default_factory=Credentials)
    hidden: set[str] = field(default_factory=set)
    no_bulk: set[str] = field(default_factory=set)
    bulk_polls: int = 1
    edits: int = 0
    limits: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_LIMITS))
    clock_skew: float = 0.0
    rotates_refresh_tokens: bool = True
    salesforce_certificate: str | None = None
    gate: Gate = field(default_factory=Gate)
    clock: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Attach the scratch database and read the world's clock."""
        with self.cursor() as cursor:
            cursor.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {SCRATCH}")
        self.read_clock()

    @property
    def http_date(self) -> str:
        """The Date header: the virtual clock, wrong by `clock_skew` seconds."""
        return format_datetime(self.clock + timedelta(seconds=self.clock_skew), usegmt=True)

    def read_clock(self) -> None:
        """Take over the world's clock; called at the start and after a tick."""
        self.clock = self.world.clock.astimezone(UTC)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor on the world's database, closed afterwards."""
        cursor = self.world.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def tick(self, days: int = 1) -> dict[str, int]:
        """Play `days` days and move the clock; the caller holds `gate.ticking()`."""
        changes = self.world.tick(days)
        self.edits += 1
        self.read_clock()
        return changes

    def is_hidden(self, object_name: str, field_name: str | None = None) -> bool:
        """Whether the integration user lacks access to the object, or to one field of it."""
        if field_name is None:
            return object_name in self.hidden
        return f"{object_name}.{field_name}" in self.hidden
