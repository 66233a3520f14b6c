"""`crm plan`: what a sync would fetch and what it would cost, before anything is fetched."""

from rich.console import RenderableType
from rich.text import Text

from connectors.errors import ConfigurationError, CrmError
from connectors.streams import Plan, PlanLine, Quota
from connectors.sync import plan_sync
from crm.answer import Answer, as_document, exit_code_of, failure, message_of, worst
from crm.choice import Choice
from crm.reach import Chosen, Reach, open_chosen, reach_crms
from crm.terminal import Terminal, new_table, show_day_and_time, show_number, show_time
from dagster_project.settings import Settings, read_settings


def show_plan(terminal: Terminal, choice: Choice) -> Answer:
    """The plan of every CRM chosen; nothing is fetched but what planning needs (describes and counts)."""
    settings = read_settings()
    documents: dict[str, object] = {}
    parts: list[RenderableType] = []
    codes: list[int] = []
    with reach_crms(settings, terminal) as reach, open_chosen(reach, choice) as every_chosen:
        for chosen in every_chosen:
            try:
                plan, spent = _plan(reach, chosen, choice)
            except CrmError as error:
                documents[chosen.crm] = {"error": as_document(error)}
                parts.append(failure(chosen.crm, error))
                codes.append(exit_code_of(error))
                continue
            documents[chosen.crm] = _document(plan, settings, spent)
            parts += _parts(chosen.crm, plan, settings, spent)
    return Answer({"crms": documents}, tuple(parts), worst(codes))


def _plan(reach: Reach, chosen: Chosen, choice: Choice) -> tuple[Plan, int]:
    if chosen.connector is None:
        raise chosen.error or ConfigurationError(f"{chosen.crm} is not connected.")
    with reach.log() as log:
        plan = plan_sync(chosen.connector, log, chosen.streams, request=choice.request)
    return plan, chosen.connector.calls.total()


def _parts(crm: str, plan: Plan, settings: Settings, spent: int) -> list[RenderableType]:
    table = new_table(
        f"{crm} {plan.identity}",
        "object",
        "lane",
        "API",
        "from (UTC)",
        "rows",
        "calls",
        "min",
        "% day",
        right=("rows", "calls", "min", "% day"),
        whole=("object", "lane", "from (UTC)"),
    )
    for line in plan.lines:
        table.add_row(
            line.stream.object_name,
            line.stream.lane,
            line.api,
            show_day_and_time(line.window.lo),
            show_number(line.expected_rows),
            show_number(line.calls),
            "?" if line.minutes is None else f"{line.minutes:.1f}",
            _share(line.calls, plan.quota),
        )
    rows = sum(line.expected_rows or 0 for line in plan.lines)
    minutes = [line.minutes for line in plan.lines if line.minutes is not None]
    table.add_row(
        "all",
        "",
        "",
        "",
        show_number(rows),
        show_number(plan.calls),
        f"{sum(minutes):.1f}" if minutes else "?",
        _share(plan.calls, plan.quota),
        style="bold",
    )
    return [table, *_notes(plan), Text(_summary(plan, settings, spent) + "\n")]


def _notes(plan: Plan) -> list[Text]:
    notes = [Text(f"{stream.object_name}: {message_of(error)}", style="yellow") for stream, error in plan.errors]
    if plan.not_due:
        names = ", ".join(f"{stream.object_name} {stream.lane}" for stream in plan.not_due)
        notes.append(Text(f"Not due yet: {names}.", style="dim"))
    withheld = {line.stream.object_name: len(line.withheld) for line in plan.lines if line.withheld}
    if withheld:
        names = ", ".join(f"{name} {count}" for name, count in withheld.items())
        notes.append(Text(f"Columns that are not read, by object: {names}. `crm status` says why.", style="dim"))
    return notes


def _summary(plan: Plan, settings: Settings, spent: int) -> str:
    until = max((line.window.hi for line in plan.lines), default=None)
    said = [f"Up to {show_time(until)} UTC; planning itself took {spent} calls."] if until else []
    if any(line.expected_rows is None or line.calls is None for line in plan.lines):
        said.append("? is what only reading can tell.")
    if plan.quota is not None:
        quota = plan.quota
        said.append(
            f"Today {quota.used:,} of {quota.maximum:,} API calls are used; {quota.available:,} may still be made "
            f"({quota.reserve:.0%} are left to others)."
        )
    if settings.api_budget is not None:
        said.append(f"CRM_API_BUDGET allows {settings.api_budget:,} calls per run.")
    limits = [plan.quota.available] if plan.quota is not None else []
    limits += [settings.api_budget] if settings.api_budget is not None else []
    if limits and plan.calls > min(limits):
        said.append("That is less than the plan needs: the run will pause there, and the next one goes on.")
    return " ".join(said)


def _share(calls: int | None, quota: Quota | None) -> str:
    if calls is None or quota is None or not quota.maximum:
        return "?"
    return f"{100 * calls / quota.maximum:.2f}"


def _document(plan: Plan, settings: Settings, spent: int) -> dict[str, object]:
    quota = plan.quota
    return {
        "identity": plan.identity,
        "calls": plan.calls,
        "rows": sum(line.expected_rows or 0 for line in plan.lines),
        "calls_spent_on_planning": spent,
        "budget": settings.api_budget,
        "quota": quota_document(quota),
        "objects": [_line(line, quota) for line in plan.lines],
        "errors": [
            {"object": stream.object_name, "lane": stream.lane, **as_document(error)} for stream, error in plan.errors
        ],
        "not_due": [{"object": stream.object_name, "lane": stream.lane} for stream in plan.not_due],
    }


def quota_document(quota: Quota | None) -> dict[str, object] | None:
    """A quota for programs."""
    if quota is None:
        return None
    return {
        "used": quota.used,
        "maximum": quota.maximum,
        "reserve": quota.reserve,
        "available": quota.available,
        "resets_at": quota.resets_at,
    }


def _line(line: PlanLine, quota: Quota | None) -> dict[str, object]:
    share = line.calls / quota.maximum if line.calls is not None and quota is not None and quota.maximum else None
    return {
        "object": line.stream.object_name,
        "lane": line.stream.lane,
        "table": line.stream.raw_table,
        "is_custom": line.stream.is_custom,
        "api": line.api,
        "from": line.window.lo,
        "until": line.window.hi,
        "rows": line.expected_rows,
        "calls": line.calls,
        "minutes": line.minutes,
        "share_of_daily_quota": share,
        "withheld": dict(line.withheld),
        "hashed": sorted(line.hashed),
    }
