"""The protocol of a sync: plan → fetch → verify → commit → apply.

```
lease ─► identity, clock ─► plan every stream ─► per stream: open load ─► fetch ─► verify ─► commit
                                                                                               │
                              one short opening of the warehouse file at the end: apply all ◄──┘
```
Everything is applied at the end, through one connection: the warehouse file is locked for seconds, while fetching may
take hours; and a run that dies before that loses nothing, since the next apply takes all that is committed.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from connectors.engine import LOCK_WAIT_SECONDS, open_warehouse
from connectors.errors import CrmError, PausedError, RejectedRequestError, UnexpectedReplyError
from connectors.landing import LandingLog
from connectors.landing.erase import finish_erasures
from connectors.raw import apply_loads, record_sync
from connectors.run import Run
from connectors.streams import (
    Connector,
    Estimates,
    Fetched,
    Listener,
    Metered,
    Plan,
    PlanLine,
    Stream,
    SyncEvent,
    SyncReport,
    SyncRequest,
)
from connectors.telling import ignore
from connectors.windows import check_ids

__all__ = [
    "Connector",
    "Fetched",
    "Plan",
    "PlanLine",
    "Stream",
    "SyncEvent",
    "SyncReport",
    "SyncRequest",
    "plan_sync",
    "run_sync",
]


def run_sync(
    connector: Connector,
    log: LandingLog,
    warehouse: Path,
    streams: Sequence[Stream],
    *,
    every_stream: Sequence[Stream] | None = None,
    listener: Listener | None = None,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    request: SyncRequest | None = None,
) -> SyncReport:
    """Bring `streams` up to the CRM's present, and apply them and whatever else is committed and not applied.

    A stream that fails does not stop the others, unless the CRM is out of reach or refuses the credentials; the
    report says what became of each, and `report.raise_for_failure()` turns it into an exception.

    `every_stream` is all that the connection has, None if `streams` is. Where `streams` leaves some out, the bound of
    the last completed sync stays as it is: the others know nothing of the time since. `request` None is the usual:
    what is new since the watermarks.

    A limit that is reached, at any point, ends the run as paused (`report.exit_code` 75, `report.resume_at`):
    what is landed is kept and applied, and the next run goes on from there.

    Raises:
        BusyError: another run has the connection, or somebody keeps the warehouse file open.
        IdentityError: the connection answers for another org or portal than before.
        AuthenticationError, TransientError: before anything was fetched.
    """
    check_ids(request or SyncRequest(), streams)
    with log.lease(connector.connection) as lease:
        finish_erasures(log, lease)
        run = Run(connector, log, lease, listener or ignore, request)
        run.identify()
        reports = run.fetch_all(run.plan_all(streams))
        finish_erasures(log, lease)
        report = SyncReport(connector.connection, run.identity, run.windows.complete_until(reports), tuple(reports))
        # what reading took is given back before the tables take theirs
        log.close()
        with open_warehouse(warehouse, wait_seconds=lock_wait_seconds) as connection:
            applied = apply_loads(connection, log, connector.connection)
            report = replace(report, applied=tuple(applied))
            if report.is_complete and not run.request.ids and set(streams) >= set(every_stream or streams):
                record_sync(connection, connector.connection, run.identity, report.hi)
        for result in applied:
            run.teller.applied(result)
        return report


def plan_sync(
    connector: Connector, log: LandingLog, streams: Sequence[Stream], *, request: SyncRequest | None = None
) -> Plan:
    """What `run_sync` would fetch now, backfills of columns included; nothing is fetched but what the numbers need."""
    check_ids(request or SyncRequest(), streams)
    with log.lease(connector.connection) as lease:
        run = Run(connector, log, lease, ignore, request)
        run.identify()
        planned = run.plan_all(streams)
        planned += [filled for stream, line in planned if (filled := run.plan_filling(stream, line)) is not None]
        lines = tuple(_estimated(connector, line) for _, line in planned if isinstance(line, PlanLine))
        quota = connector.quota() if isinstance(connector, Metered) else None
    return Plan(
        lines=lines,
        errors=tuple((stream, line) for stream, line in planned if isinstance(line, CrmError)),
        not_due=tuple(stream for stream, line in planned if line is None),
        quota=quota,
        identity=run.identity,
    )


def _estimated(connector: Connector, line: PlanLine) -> PlanLine:
    """The line with what only asking tells; as it was where the answer is a refusal or a limit."""
    if not isinstance(connector, Estimates):
        return line
    try:
        return connector.estimate(line)
    except (RejectedRequestError, UnexpectedReplyError, PausedError):
        return line
