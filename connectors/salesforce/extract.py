"""The Salesforce connector: plans each lane by what it costs, and fetches it so that no crash loses or doubles a row.

```
identity ─ one Composite call: the organization, and the describes of all objects
plan     ─ rows: COUNT() of five objects per call ─► nothing · REST pages · a Bulk 2.0 job
           deletes: getDeleted of all objects in one call, or the list of ids where the delete log has a gap
fetch    ─ pages or results ─► parts with checkpoints; all jobs of a run are made before the first one is awaited
```
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import requests

from connectors.errors import NoAccessError, UnexpectedReplyError
from connectors.landing import OpenLoad, Window
from connectors.pacing import Pace, Pacing
from connectors.reading_rules import ReadingRules
from connectors.salesforce.auth import ClientCredentials, SalesforceLogin, open_session
from connectors.salesforce.bulk import PAGE_ROWS, PATIENCE_SECONDS, BulkQueries
from connectors.salesforce.client import SalesforceClient, checked_version
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import API_VERSION, CONNECTION, OPTION_LABELS, STREAMS, ensure_tables, raw_tables
from connectors.salesforce.planning import Planner
from connectors.salesforce.probing import Prober, read_quota
from connectors.salesforce.reading import Reader
from connectors.secret import Secret
from connectors.streams import Fetched, PlanLine, Probe, Quota, Stream
from connectors.wire import Timeouts, session_sender

__all__ = ["STREAMS", "SalesforceConnector", "connect", "ensure_tables", "raw_tables"]

CONCURRENT_REQUESTS = 8  # Salesforce limits those that last 20 seconds or more: 25, and 5 in developer and trial orgs
LONG_REQUESTS = 4  # so that the org's other programs, and one of our calls too many, do not reach those limits
RESERVE = 0.2  # share of the daily API requests that is left to the org's other programs
NO_SECRET = Secret("")
CLOCK_FRESH_SECONDS = 60.0  # a Date header this old only makes the window end that much earlier


def connect(  # noqa: PLR0913 - a setting each
    *,
    login_url: str,
    client_id: str = "",
    client_secret: Secret = NO_SECRET,
    login: SalesforceLogin | None = None,
    api_budget: int | None = None,
    reserve: float = RESERVE,
    api_version: str = API_VERSION,
    timeouts: Timeouts | None = None,
    rules: ReadingRules | None = None,
    bulk_page_rows: int = PAGE_ROWS,
    bulk_patience: float = PATIENCE_SECONDS,
) -> "SalesforceConnector":
    """A connector for the org behind `login_url`; nothing is sent before it is first used.

    `login_url` is the org's My Domain, or a sandbox of ours on this machine (http). `login` is one of
    `connectors.salesforce.auth`; without it, client credentials are used. `api_budget` is the most calls that one run
    may make; the run pauses there. `reserve` is the share of the daily calls that is left to the org's other programs.
    `rules` says which objects and columns are read; without it, the defaults and no custom objects.
    `bulk_page_rows` is how many rows a crash may cost at most, `bulk_patience` the seconds that a job is waited for.

    Raises:
        ConfigurationError: an address or a credential cannot be used.
    """
    used = login or ClientCredentials(login_url, client_id, client_secret, timeouts=timeouts)
    pacing = Pacing(
        default=Pace(concurrent=CONCURRENT_REQUESTS, long_at_most=LONG_REQUESTS), run_cap=api_budget, reserve=reserve
    )
    session = open_session(login_url, timeouts)
    client = SalesforceClient(
        used, session_sender(session), pacing=pacing, timeouts=timeouts, version=checked_version(api_version)
    )
    bulk = BulkQueries(client, page_rows=bulk_page_rows, patience=bulk_patience)
    return SalesforceConnector(used, session, client, bulk, rules=rules)


class SalesforceConnector:
    """One org, as `connectors.sync.run_sync` sees it; one at a time uses it. Made by `connect`."""

    def __init__(
        self,
        login: SalesforceLogin,
        session: requests.Session,
        client: SalesforceClient,
        bulk: BulkQueries,
        *,
        rules: ReadingRules | None = None,
    ) -> None:
        self._login = login
        self._session = session
        self._client = client
        self._metadata = Metadata(self._client, rules)
        self._planner = Planner(self._client, self._metadata)
        self._reader = Reader(self._client, self._metadata, bulk)
        self._started_at: float | None = None
        self._begun: str | None = None

    def __repr__(self) -> str:
        return f"SalesforceConnector({self._login!r})"

    @property
    def connection(self) -> str:
        """Name of the landing folder and of the raw schema."""
        return CONNECTION

    @property
    def calls(self) -> Counter[str]:
        """API calls so far by family, each retry counted."""
        return self._client.calls

    @property
    def bytes_received(self) -> int:
        """Body bytes so far."""
        return self._client.bytes_received

    def identity(self) -> str:
        """The org's id. Begins a run: describes are read anew, numbers of an earlier run forgotten."""
        if self._begun is not None and self._is_clock_fresh:
            return self._begun  # asked for just now, to find out the streams: nothing was planned since
        self._planner.start()
        self._reader.start()
        org_id = self._metadata.read()
        self._started_at = time.monotonic()
        self._begun = org_id
        return org_id

    def server_clock(self) -> datetime:
        """Salesforce's time: that of the reply which named the org, or of a new one if that was long ago."""
        if not self._is_clock_fresh:
            self._client.get("/limits", family="limits")
        return self._clock()

    def plan(self, stream: Stream, window: Window, *, ids: Sequence[str] = ()) -> PlanLine:
        """Choose the API for a lane over `window`; with `ids`, read these records, whenever they changed.

        Raises:
            NoAccessError: this user cannot read the object; the run goes on without it.
        """
        self._begun = None
        try:
            line = (
                self._planner.plan_ids(stream, window, ids)
                if ids
                else self._planner.plan(stream, window, self._clock())
            )
        except KeyError:
            raise NoAccessError(
                f"The reading rules leave {stream.object_name} out, or Salesforce does not list it. Its table stays as "
                "it is; see CRM_READING_RULES.",
                code="NOT_READ",
            ) from None
        self._reader.expect(line)
        return line

    def plan_backfill(self, stream: Stream, columns: Sequence[str], window: Window) -> PlanLine:
        """The plan of a load of the record id and `columns` of all records.

        Raises:
            NoAccessError: this user cannot read the object.
        """
        line = self._planner.plan_backfill(stream, columns, window)
        self._reader.expect(line)
        return line

    def streams(self) -> tuple[Stream, ...]:
        """After `identity`: the lanes of every object that the rules allow, custom and optional ones of this org too.

        An object's computed columns come after its rows and deletions; objects without such columns have no such lane.
        """
        found = [stream for spec in self._metadata.objects for stream in spec.streams]
        found += [
            spec.calculated_stream
            for spec in self._metadata.objects
            if self._metadata.calculated(spec.name) is not None
        ]
        return (*found, OPTION_LABELS)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land everything of a line, going on from where `load` is."""
        return self._reader.fetch(line, load)

    def quota(self) -> Quota | None:
        """The org's daily API requests: as the last reply said, else asked for."""
        limit = self._client.limit
        if limit is None:
            return read_quota(self._client, self._client.reserve)
        return Quota(limit.used, limit.maximum, self._client.reserve, limit.resets_at)

    def probes(self) -> Iterator[Probe]:
        """Facts about the org, for a person who connects it; each only reads."""
        return Prober(self._client, self._login, self._metadata).probes()

    def close(self) -> None:
        """Close the connections; the connector must not be used any more."""
        self._session.close()
        self._login.close()

    @property
    def _is_clock_fresh(self) -> bool:
        return self._started_at is not None and time.monotonic() - self._started_at <= CLOCK_FRESH_SECONDS

    def _clock(self) -> datetime:
        clock = self._client.clock
        if clock is None:
            raise UnexpectedReplyError("Salesforce sends no Date header; without its clock no window can be made.")
        return clock
