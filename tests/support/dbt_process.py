"""A process that imports and parses dbt once and then runs it on demand: seconds less for every further run.

In a process of its own, because dbt holds warehouse files open and changes settings of the whole process.
Each line of its input is a JSON list of dbt arguments and an object of environment variables; each line of its output
is a JSON object with `ok`, `done` (how many nodes were built or tested, or files written) and `messages`. The argument
`artifacts` alone asks for what `dbt parse` leaves in its target folder.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from dagster_project.warm_dbt.parsed import parsed_project

PROJECT = Path(__file__).resolve().parents[2]
# every test run and every worker of it reads the project that the first one has parsed
PARSED = PROJECT / "data" / "dbt" / "tests"
ARTIFACTS = "artifacts"


class DbtProcess:
    """Runs dbt, one call after the other; the project is parsed at the first one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run dbt with these arguments; AssertionError with its messages where it fails or finds nothing to do."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([list(arguments), dict(environment)]) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline() or '{"ok": false, "messages": ["dbt died"]}')
        assert answer["ok"], f"dbt {' '.join(arguments)} failed:\n" + "\n".join(answer["messages"])[-6000:]
        assert answer["done"], f"dbt {' '.join(arguments)} found nothing to do"

    def write_artifacts(self, environment: Mapping[str, str]) -> None:
        """Write manifest.json and semantic_manifest.json into the target folder, as `dbt parse` does."""
        self.run([ARTIFACTS], environment)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.dbt_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=PROJECT,
                env={**os.environ, "DO_NOT_TRACK": "1"},
                text=True,
            )
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer every request until there are no more."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.semantic_manifest import SemanticManifest
    from dbt_common.events.base_types import EventMsg

    # a parsed project names the database, and dbt-duckdb calls that as the file
    manifests: dict[str, Manifest] = {}
    for line in requests:
        arguments, environment = json.loads(line)
        os.environ.update(environment)
        messages: list[str] = []

        def keep(event: EventMsg, messages: list[str] = messages) -> None:
            if event.info.level in ("warn", "error"):
                messages.append(event.info.msg)  # type: ignore[attr-defined]  # made at run time

        where = ["--project-dir", str(PROJECT / "dbt"), "--profiles-dir", str(PROJECT / "dbt")]
        database = Path(os.environ["CRM_WAREHOUSE"]).stem
        if database not in manifests:
            try:
                manifests[database] = parsed_project(PROJECT / "dbt", where, os.environ, kept_in=PARSED)
            except RuntimeError as error:
                _answer(answers, ok=False, done=0, messages=[str(error)])
                continue
            # half a million objects that all stay: not looked at again and again
            gc.collect()
            gc.freeze()
        if arguments == [ARTIFACTS]:
            # a project that is read back knows no flags before dbt has run
            dbtRunner(manifest=manifests[database]).invoke(["--quiet", "--no-write-json", "parse", *where])
            target = Path(os.environ["DBT_TARGET_PATH"])
            manifests[database].write(str(target / "manifest.json"))
            SemanticManifest(manifests[database]).write_json_to_file(str(target / "semantic_manifest.json"))
            _answer(answers, ok=True, done=2, messages=[])
            continue
        runner = dbtRunner(manifest=manifests[database], callbacks=[keep])
        result = runner.invoke(["--quiet", "--log-level-file", "none", "--no-write-json", *arguments, *where])
        # dbt-duckdb keeps the file for its next run, and nobody else can open it then
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        if result.exception is not None:
            messages.append(str(result.exception))
        done = len(getattr(result.result, "results", ()))
        _answer(answers, ok=bool(result.success), done=done, messages=messages)


def _answer(answers: IO[str], **answer: object) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    # dbt prints to the standard output: answers keep the real one to themselves
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        serve(sys.stdin, answers)
