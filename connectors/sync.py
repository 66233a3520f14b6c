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

from connectors.engine import LOCK_WAIT_SECONDS, EngineSettings, open_warehouse
from connectors.landing import LandingLog
from connectors.raw import apply_loads, record_sync
from connectors.run import Run, ignore
from connectors.streams import Connector, Fetched, Listener, PlanLine, Stream, SyncEvent, SyncReport

__all__ = ["Connector", "Fetched", "PlanLine", "Stream", "SyncEvent", "SyncReport", "plan_sync", "run_sync"]


def run_sync(
    connector: Connector,
    log: LandingLog,
    warehouse: Path,
    streams: Sequence[Stream],
    *,
    every_stream: Sequence[Stream] | None = None,
    listener: Listener | None = None,
    engine: EngineSettings | None = None,
    code_version: str = "",
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
) -> SyncReport:
    """Bring `streams` up to the CRM's present, and apply them and whatever else is committed and not applied.

    A stream that fails does not stop the others, unless the CRM is out of reach or refuses the credentials; the
    report says what became of each, and `report.raise_for_failure()` turns it into an exception.

    `every_stream` is all that the connection has, None if `streams` is. Where `streams` leaves some out, the bound of
    the last completed sync stays as it is: the others know nothing of the time since.

    Raises:
        BusyError: another run has the connection, or somebody keeps the warehouse file open.
        IdentityError: the connection answers for another org or portal than before.
        AuthenticationError, TransientError: before anything was fetched.
    """
    with log.lease(connector.connection) as lease:
        run = Run(connector, log, lease, listener or ignore, code_version)
        run.identify()
        planned = [(stream, run.plan(stream)) for stream in streams]
        reports = run.fetch_all(planned)
        report = SyncReport(connector.connection, run.identity, run.complete_until(streams), tuple(reports))
        with open_warehouse(warehouse, engine, wait_seconds=lock_wait_seconds) as connection:
            applied = apply_loads(connection, log, connector.connection)
            report = replace(report, applied=tuple(applied))
            if report.is_complete and set(streams) >= set(every_stream or streams):
                record_sync(connection, connector.connection, run.identity, report.hi)
        for result in applied:
            run.tell_applied(result)
        return report


def plan_sync(connector: Connector, log: LandingLog, streams: Sequence[Stream]) -> list[PlanLine]:
    """What `run_sync` would fetch now; nothing is fetched. Streams without access are left out."""
    with log.lease(connector.connection) as lease:
        run = Run(connector, log, lease, ignore, "")
        run.identify()
        planned = [run.plan(stream) for stream in streams]
    return [line for line in planned if isinstance(line, PlanLine)]
