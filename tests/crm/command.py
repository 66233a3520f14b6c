"""The command `crm` as a process of its own, the way a person or a cron job runs it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.settings import PROJECT_DIR, variables


@dataclass(frozen=True)
class Crm:
    """A data folder and a sandbox that runs; `environment` is added to an otherwise unset one."""

    data_dir: Path
    environment: dict[str, str]

    def run(self, *arguments: str, columns: int = 80, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "crm", *arguments],
            cwd=PROJECT_DIR,
            env=self._environment(columns, environment),
            capture_output=True,
            text=True,
            check=False,
        )

    def watch(self, *arguments: str, **environment: str) -> tuple[subprocess.CompletedProcess[bytes], str]:
        """Run a command whose standard error is a terminal; what ended, and all that was drawn there."""
        outside, inside = pty.openpty()
        drawn: list[bytes] = []
        reader = threading.Thread(target=_read_terminal, args=(outside, drawn))
        reader.start()
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "crm", *arguments],
                cwd=PROJECT_DIR,
                env=self._environment(80, {"TERM": "xterm", **environment}),
                stdout=subprocess.PIPE,
                stderr=inside,
                check=False,
            )
        finally:
            os.close(inside)
            reader.join()
            os.close(outside)
        return ended, b"".join(drawn).decode()

    def ask(self, *arguments: str, exit_code: int = 0, **environment: str) -> dict[str, Any]:
        """The JSON document of a command that must end with `exit_code`."""
        ended = self.run(*arguments, "--json", **environment)
        assert ended.returncode == exit_code, ended.stdout + ended.stderr
        document: dict[str, Any] = json.loads(ended.stdout)
        assert document["exit_code"] == exit_code
        return document

    def _environment(self, columns: int, more: dict[str, str]) -> dict[str, str]:
        # blank counts as unset, and is stronger than a .env of whoever runs the tests
        unset = dict.fromkeys(variables(), "")
        folder = {"CRM_DATA_DIR": str(self.data_dir), "COLUMNS": str(columns)}
        return {**os.environ, **unset, **folder, **self.environment, **more}


def _read_terminal(outside: int, drawn: list[bytes]) -> None:
    """All that comes until the other end is closed, which Linux tells by an error and others by nothing."""
    with contextlib.suppress(OSError):
        while chunk := os.read(outside, 1 << 16):
            drawn.append(chunk)
