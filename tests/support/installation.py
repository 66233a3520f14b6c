"""A data folder of its own with everything the project writes, and the project's commands run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.world import World
from dagster_project.settings import variables
from tests.support.night_process import DEMO, PROJECT, NightProcess

RUN_SECONDS = 900
POLL_SECONDS = 0.01
# what stands for the project in a copy of it: what `git clone` brings and the nightly run reads
CLONED = ("connectors", "dagster_project", "dbt", "expectations")
# Dagster's history, logs, and what each run of dbt compiled
LEFT_BEHIND = ("dagster", "logs", "*.log", "conformed_tables-*", "marts-*")


@dataclass(frozen=True)
class Outcome:
    """How a run ended (an exit code, negative where a signal ended it), and all it said."""

    code: int
    text: str

    def check(self) -> None:
        """AssertionError with the last lines where the run failed."""
        assert self.code == 0, f"exit code {self.code}:\n{self.text[-8000:]}"


@dataclass(frozen=True)
class Installation:
    """One data folder; `settings` are the variables it runs with besides, and nothing else is set."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=lambda: {"CRM_SOURCE": "sandbox", "SANDBOX_SIZE": "small"})

    @property
    def world(self) -> Path:
        """The sandbox's world."""
        return self.folder / "sandbox" / "world.duckdb"

    @property
    def warehouse(self) -> Path:
        """The work file."""
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What readers open now."""
        return (self.folder / "published" / "crm.duckdb").resolve()

    def environment(self, **more: str) -> dict[str, str]:
        """Variables for a process that works here; those of the project come from this installation alone."""
        ours = {*variables(), "CRM_WAREHOUSE", "CRM_AS_OF", "DBT_TARGET_PATH", "DBT_LOG_PATH", "DAGSTER_HOME"}
        others = {name: value for name, value in os.environ.items() if name not in ours}
        here = {"CRM_DATA_DIR": str(self.folder), "DAGSTER_HOME": str(self.folder / "dagster"), "DO_NOT_TRACK": "1"}
        return {**others, **self.settings, **here, **more}

    def copy_to(self, folder: Path) -> Installation:
        """The same again in another folder, to be worked in freely; what runs have said stays behind."""
        shutil.copytree(self.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
        (folder / "dagster").mkdir()
        return Installation(folder, self.settings)

    def forget(self) -> None:
        """Leave the CRMs as they are and lose all that was read and built from them; dbt stays parsed."""
        for name in ("landing", "published"):
            shutil.rmtree(self.folder / name)
        self.warehouse.unlink()

    @contextmanager
    def serving(self) -> Iterator[RunningSandbox]:
        """The sandbox CRMs over this installation's world, which is made first where there is none."""
        if not self.world.exists():
            self.world.parent.mkdir(parents=True, exist_ok=True)
            World.create(self.world, size=self.settings["SANDBOX_SIZE"]).close()
        with start_sandbox(self.world) as sandbox:
            yield sandbox

    def run(
        self, nights: NightProcess, job: str = "nightly", *, as_of: str | None = None, sandbox: RunningSandbox | None
    ) -> Outcome:
        """A whole run of a job; `sandbox` is where the CRMs answer, None for a job that reads none."""
        self.begin(nights, job, as_of=as_of, sandbox=sandbox)
        return self.end(nights)

    def run_demo(self, nights: NightProcess) -> Outcome:
        """What `make demo` does, and prints on a terminal of 100 columns."""
        self.begin(nights, DEMO, sandbox=None, COLUMNS="100")
        return self.end(nights)

    def begin(
        self,
        nights: NightProcess,
        job: str = "nightly",
        *,
        as_of: str | None = None,
        sandbox: RunningSandbox | None,
        **more: str,
    ) -> int:
        """Begin a run; its process id. `more` are variables."""
        self.log.unlink(missing_ok=True)
        here = {"CRM_DATA_DIR": str(nights.enter(self.folder))}
        if sandbox is not None:
            here["SANDBOX_URL"] = sandbox.url
        return nights.start(job, _run_config(as_of), self.environment(**here, **more), self.log)

    def end(self, nights: NightProcess) -> Outcome:
        """Wait for the run that was begun."""
        return Outcome(nights.wait(), self.log.read_text())

    @property
    def log(self) -> Path:
        """What the last run says, or said."""
        return self.folder / "run.log"

    def wait_for_line(self, pattern: str) -> None:
        """Return as soon as the run has said something that `pattern` matches."""
        give_up = time.monotonic() + RUN_SECONDS
        while not (self.log.exists() and re.search(pattern, self.log.read_text(errors="replace"))):
            assert time.monotonic() < give_up, f"the run never said {pattern!r}:\n{self.log.read_text()[-4000:]}"
            time.sleep(POLL_SECONDS)

    def call(self, *command: str, project: Path = PROJECT, **more: str) -> Outcome:
        """Run a module of the project as a person would: `call("dagster_project.demo")`."""
        return self.python("-m", *command, project=project, **more)

    def python(self, *arguments: str, project: Path = PROJECT, **more: str) -> Outcome:
        """Run the interpreter in the folder of a project; `more` are variables."""
        with self.start(*arguments, project=project, **more) as process:
            text, _ = process.communicate(timeout=RUN_SECONDS)
        return Outcome(process.returncode, text)

    def start(self, *arguments: str, project: Path = PROJECT, **more: str) -> subprocess.Popen[str]:
        """Begin what `python` runs."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=project,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def rows(self, query: str, *, file: Path | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query on the published file, or on another."""
        with duckdb.connect(str(file or self.published), read_only=True) as connection:
            return connection.execute(query).fetchall()


def clone_project(folder: Path) -> Path:
    """A copy of the project as `git clone` makes one: without .env and without data."""
    for name in CLONED:
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    return folder


def _run_config(as_of: str | None) -> dict[str, object]:
    if as_of is None:
        return {}
    steps = ("conformed_tables", "stage_definition_findings", "marts", "published__crm")
    return {"ops": {step: {"config": {"as_of": as_of}} for step in steps}}
