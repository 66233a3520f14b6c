"""One night on the sandbox CRMs: make or advance the world, run the nightly job, report."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import dagster as dg
from rich.console import Console

from connectors.errors import EXIT_FAILED, EXIT_TRY_LATER, BusyError, CrmError
from connectors.landing import Lease
from connectors.sandbox.process import RunningSandbox, SandboxError, start_sandbox
from dagster_project.dbt_calls import start_warm_dbt
from dagster_project.demo.progress import Progress
from dagster_project.demo.report import show_held_back, show_report
from dagster_project.demo.timings import write_timings
from dagster_project.instance import prepare_dagster_home
from dagster_project.publishing import LINK_NAME
from dagster_project.settings import PROJECT_DIR, Paths, Settings, read_settings


def play_night(console: Console) -> int:
    """Play a night and show it; the exit code is 0, 1 (failed or held back) or 75 (busy or paused)."""
    settings = read_settings()
    try:
        # before the day is played: one who comes second must not change the CRMs either
        with Lease(settings.paths.data_dir / "demo.lease", "The demo"):
            return _play_alone(console, settings)
    except BusyError as error:
        console.print(f"[red]{error}[/red]")
        return EXIT_TRY_LATER


def _play_alone(console: Console, settings: Settings) -> int:
    started = time.monotonic()
    paths = settings.paths
    prepare_dagster_home(paths)
    is_first = not paths.sandbox_world.exists()
    console.print(
        f"Making two sandbox CRMs (size {settings.sandbox_size}) and loading Dagster and dbt ..."
        if is_first
        else "Playing the sandbox CRMs' next day and loading Dagster and dbt ..."
    )
    try:
        with (
            contextlib.closing(start_warm_dbt(paths)),
            _crms_while_loading(settings, is_first=is_first) as (sandbox, changes),
        ):
            os.environ["SANDBOX_URL"] = sandbox.url
            before = _published(paths)
            until_run = time.monotonic() - started
            progress, failure = _run_nightly(console, paths)
    except SandboxError as error:
        console.print(f"[red]{error}[/red]", markup=True)
        return EXIT_TRY_LATER
    write_timings(paths, total=time.monotonic() - started, until_run=until_run, progress=progress)
    if failure is not None:
        return _explain(console, failure)
    show_report(console, paths.published / LINK_NAME, before=before, changes=changes)
    console.print(f"[dim]{time.monotonic() - started:.0f} s in all.[/dim]")
    return 0


@contextlib.contextmanager
def _crms_while_loading(settings: Settings, *, is_first: bool) -> Iterator[tuple[RunningSandbox, dict[str, int]]]:
    """The running sandbox and what its day changed; the definitions, which take seconds to import, load meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as aside:
        starting = aside.submit(_start_crms, settings.paths.sandbox_world, settings.sandbox_size, is_first=is_first)
        try:
            import dagster_project.definitions  # noqa: F401
        except BaseException:
            _stop(starting)
            raise
        sandbox, changes = starting.result()
    with sandbox:
        yield sandbox, changes


def _start_crms(world: Path, size: str, *, is_first: bool) -> tuple[RunningSandbox, dict[str, int]]:
    if is_first:
        world.parent.mkdir(parents=True, exist_ok=True)
        # in a process of its own, so that both cores work; the file appears whole or not at all
        making = world.with_suffix(".making")
        making.unlink(missing_ok=True)
        command = [sys.executable, "-m", "connectors.sandbox", "create", "--world", str(making), "--size", size]
        subprocess.run(command, cwd=PROJECT_DIR, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module
        making.rename(world)
    sandbox = start_sandbox(world, log=world.with_suffix(".log"))
    return sandbox, {} if is_first else _changes(sandbox.tick())


def _stop(starting: "Future[tuple[RunningSandbox, dict[str, int]]]") -> None:
    with contextlib.suppress(SandboxError, subprocess.CalledProcessError):
        starting.result()[0].stop()


def _run_nightly(console: Console, paths: Paths) -> tuple[Progress, BaseException | None]:
    from dagster_project.definitions import defs
    from dagster_project.resources import Crms

    job = defs.resolve_job_def("nightly")
    run_id = str(uuid4())
    with contextlib.ExitStack() as stack:
        instance = stack.enter_context(dg.DagsterInstance.get())
        progress = stack.enter_context(Progress(console))
        instance.add_event_listener(run_id, progress.on_dagster_event)
        log = stack.enter_context((paths.data_dir / "nightly.log").open("w", encoding="utf-8"))
        stack.enter_context(contextlib.redirect_stdout(log))  # dbt's own lines
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


def _changes(answer: dict[str, object]) -> dict[str, int]:
    changes = answer.get("changes", {})
    return {str(kind): int(count) for kind, count in changes.items()} if isinstance(changes, dict) else {}


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
