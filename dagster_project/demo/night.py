"""One night on the sandbox CRMs: make or advance the world, run the nightly job, report."""

import os
import time
from pathlib import Path
from uuid import uuid4

import dagster as dg
from rich.console import Console

from connectors.errors import EXIT_FAILED, EXIT_TRY_LATER, CrmError
from connectors.sandbox.process import start_sandbox
from dagster_project.demo.progress import Progress
from dagster_project.demo.report import show_held_back, show_report
from dagster_project.demo.timings import write_timings
from dagster_project.instance import prepare_dagster_home
from dagster_project.publishing import LINK_NAME
from dagster_project.resources import create_world
from dagster_project.settings import Paths, read_settings


def play_night(console: Console) -> int:
    """Play a night and show it; the exit code is 0, 1 (failed or held back) or 75 (busy or paused)."""
    started = time.monotonic()
    settings = read_settings()
    paths = settings.paths
    prepare_dagster_home(paths)
    world = paths.sandbox_world
    is_first = not world.exists()
    if is_first:
        console.print(f"Making two sandbox CRMs (size {settings.sandbox_size}) ...")
        create_world(world, settings.sandbox_size)
    with start_sandbox(world, log=world.with_suffix(".log")) as sandbox:
        changes: dict[str, int] = {}
        if not is_first:
            changes = {str(kind): int(str(count)) for kind, count in _changes(sandbox.tick()).items()}
        os.environ["SANDBOX_URL"] = sandbox.url
        before = _published(paths)
        console.print("Loading Dagster and the dbt project ...")
        loading = time.monotonic()
        progress, failure = _run_nightly(console)
        write_timings(paths, total=time.monotonic() - started, until_run=loading - started, progress=progress)
    if failure is not None:
        return _explain(console, failure)
    show_report(console, paths.published / LINK_NAME, before=before, changes=changes)
    console.print(f"[dim]{time.monotonic() - started:.0f} s in all.[/dim]")
    return 0


def _run_nightly(console: Console) -> tuple[Progress, BaseException | None]:
    # here, not above: the import takes seconds, and the line before it tells the reader what they wait for
    from dagster_project.definitions import defs
    from dagster_project.resources import Crms

    job = defs.resolve_job_def("nightly")
    run_id = str(uuid4())
    with dg.DagsterInstance.get() as instance, Progress(console) as progress:
        instance.add_event_listener(run_id, progress.on_dagster_event)
        try:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                resources={"crms": Crms(progress.on_sync_event)},
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except (CrmError, dg.DagsterError, dg.Failure) as error:
            return progress, error
        return progress, None


def _changes(answer: dict[str, object]) -> dict[str, object]:
    changes = answer.get("changes", {})
    return changes if isinstance(changes, dict) else {}


def _published(paths: Paths) -> Path | None:
    link = paths.published / LINK_NAME
    return link.resolve() if link.exists() else None


def _explain(console: Console, failure: BaseException) -> int:
    causes: list[BaseException] = []
    error: BaseException | None = failure
    while error is not None:
        causes.append(error)
        error = error.__cause__
    for cause in reversed(causes):
        if isinstance(cause, CrmError):
            console.print(f"[red]{cause}[/red]")
            return EXIT_TRY_LATER if cause.exit_code == EXIT_TRY_LATER else EXIT_FAILED
        if isinstance(cause, dg.Failure) and cause.description:
            show_held_back(console, cause.description)
            return EXIT_FAILED
    console.print(f"[red]{failure}[/red]")
    return EXIT_FAILED
