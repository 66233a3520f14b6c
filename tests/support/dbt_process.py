"""A process that imports and parses dbt once and then runs it on demand: seconds less for every further run.

In a process of its own, because dbt holds warehouse files open and changes settings of the whole process.
Each line of its input is a JSON list of dbt arguments and an object of environment variables; each line of its output
is a JSON object with `ok`, `done` (how many nodes were built or tested) and `messages`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]


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
    from dbt_common.events.base_types import EventMsg

    # a parsed project names the database, and dbt-duckdb calls that as the file
    manifests: dict[str, Manifest] = {}
    semantic_manifests: dict[str, bytes] = {}
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
            parsed = dbtRunner(callbacks=[keep]).invoke(["--quiet", "parse", *where]).result
            assert isinstance(parsed, Manifest), messages
            manifests[database] = parsed
            semantic_manifests[database] = _semantic_manifest().read_bytes()
        # dbt writes it when it parses, which is not done again for another target
        _semantic_manifest().parent.mkdir(parents=True, exist_ok=True)
        _semantic_manifest().write_bytes(semantic_manifests[database])
        runner = dbtRunner(manifest=manifests[database], callbacks=[keep])
        result = runner.invoke(["--quiet", *arguments, *where])
        # dbt-duckdb keeps the file for its next run, and nobody else can open it then
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        if result.exception is not None:
            messages.append(str(result.exception))
        done = len(getattr(result.result, "results", ()))
        answers.write(json.dumps({"ok": bool(result.success), "done": done, "messages": messages}) + "\n")
        answers.flush()


def _semantic_manifest() -> Path:
    return Path(os.environ["DBT_TARGET_PATH"]) / "semantic_manifest.json"


if __name__ == "__main__":
    # dbt prints to the standard output: answers keep the real one to themselves
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        serve(sys.stdin, answers)
