"""A process that imports Dagster, dbt's manifest and Great Expectations once and forks itself for every night.

A night of its own process would spend a third of its time on imports. What is imported once names the data folder, so
all nights see theirs under one path, a link.

Each line of its input is a JSON request; each is answered by one line when the fork begins, with its `pid`, and one
when it ends, with its wait `status`.

The fork leads a process group of its own, as a job of a shell does: what it leaves behind when it is killed can be
found and ended by that number.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

PROJECT = Path(__file__).resolve().parents[2]
DEMO = "make demo"


class NightProcess:
    """Runs Dagster jobs in forks of one warm process, one at a time."""

    def __init__(self, warm: Path, environment: Mapping[str, str]) -> None:
        """`warm` is a data folder of its own, in which the definitions are loaded."""
        self.here = warm.with_name(f"{warm.name}_here")
        self._link(warm)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.night_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            env={**environment, "CRM_DATA_DIR": str(self.here)},
            text=True,
        )
        self._is_loaded = False

    def enter(self, folder: Path) -> Path:
        """Let further runs work in this data folder; the path under which they see it."""
        self._wait_until_loaded()
        self._link(folder)
        return self.here

    def _wait_until_loaded(self) -> None:
        if not self._is_loaded:
            self._answer()
            self._is_loaded = True

    def _link(self, folder: Path) -> None:
        next_link = self.here.with_suffix(".next")
        next_link.symlink_to(folder)
        next_link.replace(self.here)

    def start(self, job: str, config: Mapping[str, object], environment: Mapping[str, str], log: Path) -> int:
        """Begin a run of a job, or of DEMO, whose output goes to `log`; its process id. `wait` must follow."""
        return int(self._ask({"job": job, "config": config, "environment": dict(environment), "log": str(log)})["pid"])

    def wait(self) -> int:
        """Wait for the run that was begun; its exit code, negative where a signal ended it."""
        return os.waitstatus_to_exitcode(int(self._answer()["status"]))

    def describe(self, log: Path) -> dict[str, Any]:
        """The asset graph that the definitions hold, see `describe_assets`; `log` is a file for it to pass through."""
        self._wait_until_loaded()
        self._ask({"job": None, "config": {}, "environment": dict(os.environ), "log": str(log)})
        assert self.wait() == 0, log.read_text()
        described: dict[str, Any] = json.loads(log.read_text().splitlines()[-1])
        return described

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that forks nights died"
        answer: dict[str, Any] = json.loads(line)
        return answer


def run_job(job: str, config: Mapping[str, object]) -> bool:
    """Run a job as `python -m dagster_project.demo` does; what fails is told in the log, with its causes."""
    import dagster as dg

    from dagster_project.definitions import defs
    from dagster_project.instance import prepare_dagster_home
    from dagster_project.settings import read_paths

    prepare_dagster_home(read_paths())
    with dg.DagsterInstance.get() as instance:
        nightly = defs.resolve_job_def(job)
        return nightly.execute_in_process(instance=instance, run_config=dict(config), raise_on_error=False).success


def describe_assets() -> dict[str, Any]:
    """Every asset by its key (`marts/dim_stage`), with what it declares about itself, and every asset check."""
    import dagster as dg

    from dagster_project.definitions import defs

    graph = defs.resolve_asset_graph()
    assets = {}
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        assets[key.to_user_string()] = {
            "group": node.group_name,
            "owners": sorted(node.owners),
            "kinds": sorted(node.kinds),
            "description": node.description or "",
            "parents": sorted(parent.to_user_string() for parent in node.parent_keys),
            "is_executable": node.is_executable,
            "has_freshness": node.freshness_policy is not None,
        }
    checks = {
        f"{key.asset_key.to_user_string()}: {key.name}": graph.get_check_spec(key).description or ""
        for key in graph.asset_check_keys
    }
    jobs = {job.name: job.executor_def.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
    schedules = {
        schedule.name: [schedule.job_name, schedule.cron_schedule, schedule.execution_timezone]
        for schedule in defs.schedules or []
        if isinstance(schedule, dg.ScheduleDefinition)
    }
    return {"assets": assets, "checks": checks, "jobs": jobs, "schedules": schedules}


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Say so once all is loaded, then fork for every request until there are no more."""
    began_with = set(os.environ)  # what the imports set besides is for the forks, too
    import great_expectations  # noqa: F401 - loaded before the forks, so that none of them loads it

    import dagster_project.definitions  # noqa: F401

    _tell(answers, ready=1)
    for line in requests:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os.setsid()
            _serve_one(request, began_with)
        _tell(answers, pid=child)
        _tell(answers, status=os.waitpid(child, 0)[1])


def _tell(answers: IO[str], **facts: int) -> None:
    answers.write(json.dumps(facts) + "\n")
    answers.flush()


def _serve_one(request: Mapping[str, Any], began_with: set[str]) -> NoReturn:
    code = 1
    try:
        with Path(request["log"]).open("a") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        for name in began_with - set(request["environment"]):
            del os.environ[name]
        os.environ.update(request["environment"])
        if request["job"] == DEMO:
            from dagster_project.demo.__main__ import main

            code = main()
        elif request["job"] is None:
            print(json.dumps(describe_assets()))
            code = 0
        else:
            code = 0 if run_job(request["job"], request["config"]) else 1
    finally:
        # a fork must not return into the loop of the process that it was forked from
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    # forks print to the standard output: answers keep the real one to themselves
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        serve(sys.stdin, answers)
