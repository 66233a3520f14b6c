"""One command as a process of its own, and what it used: wall and CPU seconds, peak memory, calls."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from connectors.sandbox.process import RunningSandbox

WEIGH = Path(__file__).with_name("weigh.py")


@dataclass(frozen=True)
class Used:
    """What a process and its children used. `cpu_seconds` is user and system time, `peak_mb` the largest resident set
    of any one of them (MB of 1,000,000 bytes), `calls` what the sandbox answered meanwhile, `failure` "" if it
    succeeded, else its last line."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    calls: int
    families: Mapping[str, int]
    failure: str = ""


def run_measured(
    command: Sequence[str], sandbox: RunningSandbox, *, output: Path, environment: Mapping[str, str], folder: Path
) -> Used:
    """Run `command` in `folder`, its standard output going to `output`."""
    sandbox.reset_stats()
    log = output.with_suffix(".log")
    started = time.monotonic()
    with output.open("wb") as out, log.open("wb") as err:
        report = output.with_suffix(".used")
        subprocess.run(  # noqa: S603 - commands of extractors.py
            [sys.executable, "-I", "-S", str(WEIGH), str(report), *command],
            cwd=folder,
            stdout=out,
            stderr=err,
            env={**os.environ, **environment},
            check=True,
        )
    wall = time.monotonic() - started
    cpu_seconds, peak, exit_code = report.read_text().split()
    stats = sandbox.stats()
    calls = stats["calls"]
    return Used(
        wall_seconds=wall,
        cpu_seconds=float(cpu_seconds),
        peak_mb=int(peak) * 1024 / 1e6,  # kibibytes on Linux
        calls=int(str(stats["total_calls"])),
        families={str(name): int(count) for name, count in calls.items()} if isinstance(calls, dict) else {},
        failure="" if exit_code == "0" else f"exit code {exit_code}: {_last_line(log)}",
    )


def sandbox_environment(sandbox: RunningSandbox) -> dict[str, str]:
    """Where the sandbox is, and its present as ISO text in UTC."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)
    try:
        connection.request("GET", "/__stats__")
        clock = parsedate_to_datetime(str(connection.getresponse().headers["Date"]))
    finally:
        connection.close()
    return {"SANDBOX_URL": sandbox.url, "SANDBOX_CLOCK": clock.isoformat()}


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "nothing was said"
