"""`crm status`: loads and watermarks, what is not read, what changed shape, what waits, who is busy, the quota."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.text import Text

from connectors.errors import ConfigurationError, CrmError
from connectors.landing import LandingLog
from connectors.sandbox.process import SandboxError
from connectors.streams import Metered, Quota
from crm.answer import Answer, message_of
from crm.planning import quota_document
from crm.reach import Reach, reach_crms
from crm.standing import (
    DRIFT_SHOWN,
    Bookkeeping,
    LaneStanding,
    Row,
    read_bookkeeping,
    read_holder,
    read_lanes,
)
from crm.terminal import Terminal, new_table, show_number, show_span, show_time
from dagster_project.settings import Settings, read_paths, read_settings


@dataclass(frozen=True)
class _Standing:
    """All that is shown of one CRM; `clock` is the CRM's own, None where it was not asked."""

    crm: str
    identity: str | None
    lanes: list[LaneStanding]
    known: Bookkeeping
    holder: str
    clock: datetime | None = None
    quota: Quota | None = None
    not_asked: str = ""
    objects: frozenset[str] = field(default_factory=frozenset)

    @property
    def knows_any(self) -> bool:
        return bool(self.lanes) or not self.objects or any(self.shows(row["object"]) for row in self.known.coverage)

    def shows(self, object_name: object) -> bool:
        return not self.objects or str(object_name).casefold() in self.objects


def show_status(terminal: Terminal, crm: str | None, objects: tuple[str, ...], *, is_offline: bool) -> Answer:
    """How each CRM stands that the log knows or the settings connect."""
    settings, problem = _settings()
    paths = read_paths()
    with LandingLog(paths.landing) as log:
        logged = {name for name in log.connections() if log.manifests(name)}
        names = sorted(logged | set(settings.connected_crms if settings else ()), reverse=True)
        names = [name for name in names if crm in (None, name)]
        if not names:
            raise ConfigurationError(problem or f"{crm} is not connected and was never synced.")
        meters = {} if settings is None or is_offline else _ask(settings, names, terminal)
        standings = [_stand(log, name, meters, objects) for name in names]
    if problem:
        terminal.err.print(problem, style="yellow", markup=False)
    documents = {standing.crm: _document(standing) for standing in standings}
    # an object is one CRM's own: of the other there is nothing to say
    told = [standing for standing in standings if standing.knows_any] or standings
    parts = [part for standing in told for part in _parts(standing)]
    return Answer({"crms": documents, "settings_problem": problem or None}, tuple(parts))


def _settings() -> tuple[Settings | None, str]:
    try:
        return read_settings(), ""
    except ConfigurationError as error:
        return None, str(error)


@dataclass(frozen=True)
class _Meter:
    clock: datetime | None = None
    quota: Quota | None = None
    problem: str = ""


def _ask(settings: Settings, names: list[str], terminal: Terminal) -> dict[str, _Meter]:
    connected = [name for name in names if name in settings.connected_crms]
    try:
        with reach_crms(settings, terminal) as reach:
            return {name: _ask_one(reach, name) for name in connected}
    except (SandboxError, CrmError) as error:
        return {name: _Meter(problem=message_of(error)) for name in connected}


def _ask_one(reach: Reach, name: str) -> _Meter:
    try:
        with reach.connector(name) as connector:
            connector.identity()
            quota = connector.quota() if isinstance(connector, Metered) else None
            return _Meter(connector.server_clock(), quota)
    except CrmError as error:
        return _Meter(problem=message_of(error))


def _stand(log: LandingLog, name: str, meters: dict[str, _Meter], objects: tuple[str, ...]) -> _Standing:
    known = read_bookkeeping(read_paths().warehouse, log, name)
    meter = meters.get(name, _Meter())
    wanted = frozenset(name.casefold() for name in objects)
    lanes = [
        lane
        for lane in read_lanes(log, name, known)
        if not wanted or wanted & {lane.object_name.casefold(), lane.table.casefold()}
    ]
    names = wanted | {lane.object_name.casefold() for lane in lanes} if wanted else wanted
    holder = read_holder(log, name)
    return _Standing(
        name, log.identity(name), lanes, known, holder, meter.clock, meter.quota, meter.problem, frozenset(names)
    )


def _parts(standing: _Standing) -> list[RenderableType]:
    parts: list[RenderableType] = [_headline(standing)]
    if standing.lanes:
        parts.append(_lanes_table(standing))
    parts += [
        Text(f"{_held_text(row)} crm release {row['load_id']} --crm {standing.crm}", style="yellow")
        for row in _held(standing)
    ]
    coverage = [row for row in standing.known.coverage if standing.shows(row["object"])]
    if coverage:
        parts.append(_coverage_table(coverage))
    drift = [row for row in standing.known.drift if standing.shows(row["object"])]
    if drift:
        parts.append(_drift_table(drift))
    parts.append(Text(_quota_text(standing) + "\n"))
    return parts


def _headline(standing: _Standing) -> Text:
    text = Text(f"{standing.crm} {standing.identity or ''}".rstrip(), style="bold")
    until = standing.known.complete_until
    if standing.known.problem:
        said = f": {standing.known.problem}"
    elif not standing.lanes:
        said = ": nothing is loaded yet. Run: crm sync"
    elif until is None:
        said = ": not every object was synced yet. Run: crm sync"
    else:
        behind = f", {show_span(standing.clock - until)} behind its clock" if standing.clock else ""
        said = f": complete until {show_time(until)} UTC{behind}"
    text.append(said, style="not bold")
    if standing.holder:
        text.append(f"\n{standing.holder}", style="not bold yellow")
    return text


def _lanes_table(standing: _Standing) -> RenderableType:
    table = new_table(
        "",
        "object",
        "lane",
        "loads",
        "rows read",
        "complete until",
        "waits for",
        right=("loads", "rows read"),
        whole=("object", "lane", "complete until"),
    )
    for lane in standing.lanes:
        waits = [f"{lane.unapplied} to apply"] if lane.unapplied else []
        waits += ["rest of a load"] if lane.is_interrupted else []
        table.add_row(
            lane.object_name,
            lane.lane,
            f"{lane.loads:,}",
            f"{lane.rows:,}",
            show_time(lane.watermark),
            Text(", ".join(waits), style="yellow"),
        )
    return table


def _coverage_table(rows: list[Row]) -> RenderableType:
    table = new_table(
        "Not read, or not as it is", "object", "columns", "status", "why, or what to do", whole=("object",)
    )
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        # for an object the CRM's own words say most; a lane of it, such as (deletes), has the same
        is_object = not row["column_name"] or str(row["column_name"]).startswith("(")
        said = row["reason"] if is_object else row["action"] or row["reason"]
        grouped.setdefault((str(row["object"]), str(row["status"]), str(said)), []).append(str(row["column_name"]))
    for (object_name, status, said), columns in grouped.items():
        shown = ", ".join(columns[:3]) + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")
        table.add_row(object_name, "(all)" if "" in columns else shown, status.replace("_", " "), said)
    return table


def _drift_table(rows: list[Row]) -> RenderableType:
    table = new_table(
        "Changes of shape, newest first", "seen (UTC)", "object", "column", "change", "from", "to", whole=("object",)
    )
    for row in rows[:DRIFT_SHOWN]:
        observed = row["observed_at"]
        table.add_row(
            show_time(observed.replace(tzinfo=UTC)) if isinstance(observed, datetime) else "-",
            str(row["object"]),
            str(row["column_name"]),
            str(row["change"]),
            str(row.get("old_type") or ""),
            str(row.get("new_type") or ""),
        )
    if len(rows) > DRIFT_SHOWN:
        table.caption = f"{len(rows) - DRIFT_SHOWN} older ones are in raw_meta.drift."
    return table


def _held(standing: _Standing) -> list[Row]:
    return [row for row in standing.known.held if standing.shows(row["object"])]


def _held_text(row: Row) -> str:
    return f"{row['rows_held']:,} deletions of {row['object']} are held (docs/runbooks.md). To carry them out:"


def _quota_text(standing: _Standing) -> str:
    quota = standing.quota
    if standing.not_asked:
        return f"The quota is not known: {standing.not_asked}"
    if quota is None:
        return "The quota was not asked."
    resets = f" until {show_time(quota.resets_at)} UTC" if quota.resets_at else ""
    return (
        f"{quota.used:,} of {quota.maximum:,} API calls are used; {show_number(quota.available)} may still be made"
        f"{resets} ({quota.reserve:.0%} are left to others)."
    )


def _document(standing: _Standing) -> dict[str, object]:
    known = standing.known
    until = known.complete_until
    return {
        "identity": standing.identity,
        "complete_until": until,
        "behind_seconds": (standing.clock - until).total_seconds() if standing.clock and until else None,
        "busy": standing.holder or None,
        "warehouse_problem": known.problem or None,
        "quota": quota_document(standing.quota),
        "quota_problem": standing.not_asked or None,
        "lanes": [
            {
                "object": lane.object_name,
                "lane": lane.lane,
                "table": lane.table,
                "loads": lane.loads,
                "rows_read": lane.rows,
                "complete_until": lane.watermark,
                "is_interrupted": lane.is_interrupted,
                "loads_to_apply": lane.unapplied,
            }
            for lane in standing.lanes
        ],
        "held": [_plain_row(row, "object", "load_id", "rows_held") for row in _held(standing)],
        "coverage": [_plain_row(row) for row in known.coverage if standing.shows(row["object"])],
        "drift": [_plain_row(row) for row in known.drift if standing.shows(row["object"])],
    }


def _plain_row(row: Row, *names: str) -> dict[str, object]:
    return {
        name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
        if (not names or name in names) and name != "connection"
    }
