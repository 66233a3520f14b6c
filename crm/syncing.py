"""`crm sync`: every connected CRM, one after the other, and what became of each object."""

from collections import Counter

from rich.console import RenderableType
from rich.text import Text

from connectors.errors import EXIT_TRY_LATER, ConfigurationError, CrmError
from connectors.streams import StreamReport, SyncReport
from connectors.sync import run_sync
from crm.answer import Answer, as_document, exit_code_of, failure, message_of, worst
from crm.choice import Choice
from crm.progress import SyncProgress
from crm.reach import Chosen, Reach, open_chosen, reach_crms
from crm.terminal import Terminal, new_table, show_time
from dagster_project.settings import read_settings

# what was fetched waits for a build of the nightly run to end, rather than for the next sync
APPLY_WAIT_SECONDS = 900.0
OUTCOMES = {
    "synced": "synced",
    "no_access": "no access",
    "not_due": "not due",
    "failed": "failed",
    "paused": "paused",
    "not_run": "not run",
}


def sync_crms(terminal: Terminal, choice: Choice) -> Answer:
    """Sync what was chosen; one CRM's failure does not keep the other from being synced."""
    documents: dict[str, object] = {}
    parts: list[RenderableType] = []
    codes: list[int] = []
    with reach_crms(read_settings(), terminal) as reach, open_chosen(reach, choice) as every_chosen:
        for chosen in every_chosen:
            try:
                report = _sync(reach, chosen, choice, terminal)
            except CrmError as error:
                documents[chosen.crm] = {"error": as_document(error)}
                parts.append(failure(chosen.crm, error))
                codes.append(exit_code_of(error))
                continue
            documents[chosen.crm] = _document(report)
            parts += _parts(report, _until(report, choice))
            codes.append(report.exit_code)
    return Answer({"crms": documents}, tuple(parts), worst(codes))


def _sync(reach: Reach, chosen: Chosen, choice: Choice, terminal: Terminal) -> SyncReport:
    if chosen.connector is None:
        raise chosen.error or ConfigurationError(f"{chosen.crm} is not connected.")
    with reach.log() as log, SyncProgress(terminal) as progress:
        return run_sync(
            chosen.connector,
            log,
            reach.settings.paths.warehouse,
            chosen.streams,
            every_stream=chosen.every,
            listener=progress.listen,
            lock_wait_seconds=APPLY_WAIT_SECONDS,
            request=choice.request,
        )


def _parts(report: SyncReport, until: str) -> list[RenderableType]:
    table = new_table(
        f"{report.connection} {report.identity}",
        "object",
        "lane",
        "API",
        "rows",
        "calls",
        "seconds",
        "outcome",
        right=("rows", "calls", "seconds"),
        whole=("object", "lane", "outcome"),
    )
    for stream in report.streams:
        table.add_row(
            stream.stream.object_name,
            stream.stream.lane,
            stream.api,
            f"{stream.rows:,}",
            str(sum(stream.calls.values())),
            f"{stream.seconds:.1f}",
            Text(OUTCOMES[stream.outcome], style=_style(stream)),
        )
    return [table, *_notes(report), Text(f"{_summary(report)} {until}\n")]


def _notes(report: SyncReport) -> list[Text]:
    by_message: dict[str, list[str]] = {}
    for stream in report.streams:
        if stream.error is not None and stream.outcome != "not_run":
            name = f"{stream.stream.object_name} {stream.stream.lane}"
            by_message.setdefault(message_of(stream.error), []).append(name)
    notes = [
        Text(f"{names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}: {message}", style="yellow")
        for message, names in by_message.items()
    ]
    for applied in report.held:
        notes.append(
            Text(
                f"{applied.object_name} {applied.lane}: {applied.counts.held:,} deletions are held. Look at them "
                f"(docs/runbooks.md), then: crm release {applied.load_id} --crm {report.connection}",
                style="yellow",
            )
        )
    return notes


def _summary(report: SyncReport) -> str:
    counts = _counts(report)
    rows = sum(stream.rows for stream in report.streams)
    return (
        f"{report.connection}: {rows:,} rows read with {report.calls.total():,} calls; in the raw tables "
        f"{counts['inserted']:,} are new, {counts['updated']:,} changed, {counts['tombstoned']:,} deleted."
    )


def _until(report: SyncReport, choice: Choice) -> str:
    if report.resume_at is not None:
        return f"Paused: resumes at {show_time(report.resume_at)} UTC."
    if report.exit_code == EXIT_TRY_LATER:
        return "Paused: the next run goes on from here."
    if not report.is_complete:
        return "Not complete: run again; what is landed is kept."
    if choice.request.ids:
        return "Only these records were read; watermarks stay."
    what = "These objects are complete" if choice.objects else "Complete"
    return f"{what} until {show_time(report.hi)} UTC{', but for what has no access' * report.is_partial}."


def _document(report: SyncReport) -> dict[str, object]:
    return {
        "identity": report.identity,
        "complete_until": report.hi if report.is_complete else None,
        "resumes_at": report.resume_at,
        "rows": sum(stream.rows for stream in report.streams),
        "calls": report.calls.total(),
        "applied": dict(_counts(report)),
        "held": [
            {"load_id": load.load_id, "object": load.object_name, "deletions": load.counts.held} for load in report.held
        ],
        "objects": [
            {
                "object": stream.stream.object_name,
                "lane": stream.stream.lane,
                "outcome": stream.outcome,
                "api": stream.api,
                "from": stream.window.lo if stream.window else None,
                "until": stream.window.hi if stream.window else None,
                "rows": stream.rows,
                "calls": sum(stream.calls.values()),
                "seconds": round(stream.seconds, 3),
                "load_ids": list(stream.load_ids),
                "error": as_document(stream.error) if stream.error else None,
            }
            for stream in report.streams
        ],
    }


def _counts(report: SyncReport) -> Counter[str]:
    counts: Counter[str] = Counter(inserted=0, updated=0, tombstoned=0, held=0)
    for applied in report.applied:
        counts["inserted"] += applied.counts.inserted
        counts["updated"] += applied.counts.updated
        counts["tombstoned"] += applied.counts.tombstoned
        counts["held"] += applied.counts.held
    return counts


def _style(stream: StreamReport) -> str:
    return {"synced": "green", "not_due": "dim", "failed": "red"}.get(stream.outcome, "yellow")
