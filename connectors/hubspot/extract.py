"""The HubSpot connector: one lane of streams each for records, history, links, deletions and metadata."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from connectors.hubspot.auth import Login
from connectors.hubspot.backfill import BackfillLane
from connectors.hubspot.calculated import CalculatedLane
from connectors.hubspot.client import Client, open_client
from connectors.hubspot.currencies import CurrenciesLane
from connectors.hubspot.definitions import AuditLane, OptionsLane
from connectors.hubspot.deletions import DeletionsLane
from connectors.hubspot.discovery import discover_streams
from connectors.hubspot.erasures import ErasuresLane
from connectors.hubspot.history import HistoryLane
from connectors.hubspot.limits import RESERVE, SEARCHES_PER_SECOND
from connectors.hubspot.links import LinksLane
from connectors.hubspot.metadata import MetadataLane
from connectors.hubspot.objects import (
    COMPANY_CURRENCY,
    EXCHANGE_RATES,
    OPTION_LABELS,
    PIPELINE_AUDIT,
    SPLITS,
    STAGE_AUDIT,
)
from connectors.hubspot.parts import PAGES_PER_PART
from connectors.hubspot.paths import VERSIONED
from connectors.hubspot.probes import probe_portal
from connectors.hubspot.rows import RowsLane
from connectors.hubspot.scratch import Scratch
from connectors.hubspot.session import Session
from connectors.hubspot.splits import SplitsLane
from connectors.landing import OpenLoad, Window
from connectors.reading_rules import ReadingRules
from connectors.secret import Secret
from connectors.streams import Fetched, PlanLine, Probe, Quota, Stream

FRESH_SECONDS = 60.0  # an identity asked for again after so long is a new run's


class _Lane(Protocol):
    def plan(self, stream: Stream, window: Window) -> PlanLine: ...
    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched: ...


@runtime_checkable
class _Estimates(Protocol):
    def estimate(self, line: PlanLine) -> PlanLine: ...


class HubSpotConnector:
    """HubSpot, as the sync protocol sees it: implements `connectors.streams.Connector`. For one run at a time.

    A crash costs at most `pages_per_part` answers.
    """

    connection = "hubspot"

    def __init__(
        self,
        client: Client,
        *,
        pages_per_part: int = PAGES_PER_PART,
        scratch_folder: Path | None = None,
        rules: ReadingRules | None = None,
    ) -> None:
        self._client = client
        self._begun: str | None = None
        self._began_at = 0.0
        self._session = Session(client, pages_per_part, Scratch(scratch_folder), rules=rules or ReadingRules.default())
        self._backfill = BackfillLane(self._session)
        audits, currencies = AuditLane(self._session), CurrenciesLane(self._session)
        self._definitions: dict[str, _Lane] = {
            PIPELINE_AUDIT: audits,
            STAGE_AUDIT: audits,
            OPTION_LABELS: OptionsLane(self._session),
            SPLITS: SplitsLane(self._session),
            COMPANY_CURRENCY: currencies,
            EXCHANGE_RATES: currencies,
        }
        self._lanes: dict[str, _Lane] = {
            "rows": RowsLane(self._session),
            "history": HistoryLane(self._session),
            "associations": LinksLane(self._session),
            "deletes": DeletionsLane(self._session),
            "erasures": ErasuresLane(self._session),
            "backfill": self._backfill,
            "calculated": CalculatedLane(self._session),
            "metadata": MetadataLane(self._session),
        }

    @property
    def calls(self) -> Counter[str]:
        """API calls so far by family, each retry counted; a copy."""
        return self._client.calls

    @property
    def bytes_received(self) -> int:
        """Body bytes so far."""
        return self._client.transport.bytes_received

    def identity(self) -> str:
        """The portal's id; a run begins with this question, so what the last run learned is forgotten."""
        if self._begun is not None and time.monotonic() - self._began_at <= FRESH_SECONDS:
            return self._begun  # asked for just now, to find out the streams: nothing was planned since
        self._session.forget()
        self._begun, self._began_at = self._client.read_portal_id(), time.monotonic()
        return self._begun

    def server_clock(self) -> datetime:
        """HubSpot's own time, from the Date header of its last answer, UTC."""
        return self._client.read_clock()

    def streams(self) -> Sequence[Stream]:
        """After `identity`: the standard streams that the reading rules allow, and those of custom objects."""
        return discover_streams(self._session)

    def plan(self, stream: Stream, window: Window, *, ids: Sequence[str] = ()) -> PlanLine:
        """Choose the API for `stream` over `window`, and read the metadata that its schema is made of.

        With `ids`, these records alone are read, whenever they changed.
        """
        self._begun = None
        if ids:
            self._session.ids[stream.object_name] = tuple(ids)
        line = self._lane(stream).plan(stream, window)
        return replace(line, minutes=self._minutes(line))

    def plan_backfill(self, stream: Stream, columns: Sequence[str], window: Window) -> PlanLine:
        """The plan of a load (lane backfill, mode patch) of the record id and `columns`, of all records."""
        return self._backfill.plan_columns(replace(stream, lane="backfill", mode="patch"), columns, window)

    def estimate(self, line: PlanLine) -> PlanLine:
        """The line with what only asking can tell: lists of archived records, and audits of what moved."""
        lane = self._lane(line.stream)
        line = lane.estimate(line) if isinstance(lane, _Estimates) else line
        return replace(line, minutes=self._minutes(line))

    def quota(self) -> Quota | None:
        """HubSpot's daily limit as its last answers told it; None before the first, or if they tell nothing."""
        pacing = self._client.transport.pacing
        limit = pacing.limit
        if limit is None:
            return None
        # the portal's time zone may have come in the very answer that told the limit
        resets_at = limit.resets_at or self._client.limits.midnight(self._client.transport.server_clock)
        return Quota(pacing.used or limit.used, limit.maximum, pacing.reserve, resets_at)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land everything of `line.window` in `load`, part by part, going on from `load.checkpoint`."""
        return self._lane(line.stream).fetch(line, load)

    def _minutes(self, line: PlanLine) -> float | None:
        """How long the calls take at least, at the pace that HubSpot allows."""
        pace = self._client.limits.per_second
        if line.calls is None or not pace:
            return None
        return line.calls / (min(pace, SEARCHES_PER_SECOND) if line.api == "search" else pace) / 60

    def _lane(self, stream: Stream) -> _Lane:
        return self._definitions.get(stream.object_name) or self._lanes[stream.lane]

    def probes(self) -> Iterator[Probe]:
        """Facts about the portal, as they are found; about a dozen calls."""
        return probe_portal(self._session)

    def close(self) -> None:
        """Close the connections, and remove what the run kept aside."""
        self._client.close()
        self._session.scratch.close()


def connect(
    *,
    access_token: Secret | None = None,
    login: Login | None = None,
    host: str | None = None,
    api_budget: int | None = None,
    searches_per_second: float | None = None,
    api_version: str = VERSIONED,
    scratch_folder: Path | None = None,
    rules: ReadingRules | None = None,
    reserve: float = RESERVE,
) -> HubSpotConnector:
    """The connector for the portal that `access_token`, or else `login`, belongs to; nothing is sent yet.

    `host` replaces HubSpot's own address. `api_budget` caps the calls of the run. `searches_per_second` is HubSpot's
    limit unless given, and none on a loopback host. `api_version` is `v3` or a date such as `2026-03`. Answers that
    more than one lane reads are kept in `scratch_folder` until the connector is closed.
    """
    client = open_client(
        access_token,
        login=login,
        reserve=reserve,
        host=host,
        api_budget=api_budget,
        searches_per_second=searches_per_second,
        api_version=api_version,
    )
    return HubSpotConnector(client, scratch_folder=scratch_folder, rules=rules)
