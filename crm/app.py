"""The commands, their options and their exit codes; each command's module is imported when it is called."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from crm.answer import Answer
    from crm.terminal import Terminal

EPILOG = (
    "Exit codes: 0 done; 1 failed, see the message; 2 wrong usage or settings, nothing was sent; "
    "75 busy or paused, run again later (a pause says when); 130 stopped by you. "
    "With --json each command prints one JSON document on its standard output, and all else on standard error."
)

CrmName = Literal["salesforce", "hubspot"]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]
OneCrm = Annotated[CrmName | None, typer.Option("--crm", help="Only this CRM; else all that are connected.")]
Objects = Annotated[
    list[str] | None,
    typer.Option("--object", metavar="NAME", help="Only this object, such as Opportunity or deals; may come again."),
]
Full = Annotated[bool, typer.Option("--full", help="Read from the beginning, whatever was read before.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"],
        help="Read again what changed since this time (UTC).",
        metavar="TIME",
    ),
]
Ids = Annotated[str | None, typer.Option(metavar="A,B", help="Read these records alone; needs exactly one --object.")]

Sure = Annotated[bool, typer.Option("--yes", help="Do it without asking; there is no way back.")]

app = typer.Typer(
    name="crm",
    help="Salesforce and HubSpot into the warehouse: look before, sync, and see how things stand.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
log_app = typer.Typer(name="log", help="The landing log: all that was ever read, as files.", no_args_is_help=True)
app.add_typer(log_app)


def main() -> NoReturn:
    """Run the command that the arguments name, and end the process with its exit code."""
    app(prog_name="crm")
    raise SystemExit(0)


@app.command()
def doctor(crm: OneCrm = None, as_json: AsJson = False) -> None:
    """Check settings, login, permissions, clock, quota and API version, and say what to do.

    Reads a handful of small answers from each connected CRM; fetches and changes nothing.
    """
    from crm.doctor import examine

    _run(lambda terminal: examine(terminal, crm), as_json)


@app.command()
def plan(
    objects: Objects = None,
    crm: OneCrm = None,
    full: Full = False,
    since: Since = None,
    ids: Ids = None,
    as_json: AsJson = False,
) -> None:
    """Show what a sync would fetch and what it would cost, before anything is fetched."""
    from crm.choice import Choice
    from crm.planning import show_plan

    _run(lambda terminal: show_plan(terminal, Choice.of(crm, objects, full=full, since=since, ids=ids)), as_json)


@app.command()
def sync(
    objects: Objects = None,
    crm: OneCrm = None,
    full: Full = False,
    since: Since = None,
    ids: Ids = None,
    as_json: AsJson = False,
) -> None:
    """Bring the raw tables up to the CRMs' present.

    Goes on from where the last run ended. The tables built from the raw ones change with the next build.
    """
    from crm.choice import Choice
    from crm.syncing import sync_crms

    _run(lambda terminal: sync_crms(terminal, Choice.of(crm, objects, full=full, since=since, ids=ids)), as_json)


@app.command()
def status(
    objects: Objects = None,
    crm: OneCrm = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no CRM for its quota.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was loaded and until when, what is not read, what changed shape, what waits, and the quota."""
    from crm.status import show_status

    _run(lambda terminal: show_status(terminal, crm, tuple(objects or ()), is_offline=offline), as_json)


@app.command()
def replay(crm: OneCrm = None, as_json: AsJson = False) -> None:
    """Build the raw tables again from the landing log alone, without one API call."""
    from crm.upkeep import replay_log

    _run(lambda terminal: replay_log(terminal, crm), as_json)


@app.command()
def release(
    load_id: Annotated[str, typer.Argument(metavar="LOAD_ID", help="As `crm status` shows it.")],
    crm: OneCrm = None,
    as_json: AsJson = False,
) -> None:
    """Carry out the deletions that the brake held in a load. Look at them first: docs/runbooks.md."""
    from crm.upkeep import release_deletions

    _run(lambda terminal: release_deletions(terminal, load_id, crm), as_json)


@app.command()
def erase(
    object_name: Annotated[str, typer.Argument(metavar="OBJECT", help="Such as contacts or Contact.")],
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The records' ids in the CRM.")],
    crm: Annotated[CrmName, typer.Option("--crm", help="Whose records they are.")],
    is_sure: Sure = False,
    as_json: AsJson = False,
) -> None:
    """Blank people in the log and the raw tables, for good. Delete them in the CRM first: docs/privacy.md.

    A privacy deletion in HubSpot needs no command: the first sync of each UTC day carries it out.
    """
    from crm.forgetting import erase_people

    _run(lambda terminal: erase_people(terminal, crm, object_name, tuple(ids), is_sure=is_sure), as_json)


@log_app.command("compact")
def compact(
    crm: OneCrm = None,
    warehouse: Annotated[bool, typer.Option("--warehouse", help="Write the warehouse file anew, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Merge the log's many small loads into few big ones; the raw tables that a replay gives stay the same."""
    from crm.upkeep import compact_log

    _run(lambda terminal: compact_log(terminal, crm, with_warehouse=warehouse), as_json)


@log_app.command("rules")
def rules(crm: OneCrm = None, is_sure: Sure = False, as_json: AsJson = False) -> None:
    """Show what was landed before the reading rules blocked or hashed it; with --yes, treat it so."""
    from crm.forgetting import rewrite_by_rules

    _run(lambda terminal: rewrite_by_rules(terminal, crm, is_sure=is_sure), as_json)


def _run(command: "Callable[[Terminal], Answer]", as_json: bool) -> NoReturn:
    from crm.answer import carry_out
    from crm.terminal import Terminal

    raise typer.Exit(carry_out(command, Terminal(as_json=as_json)))
