"""A night's steps on one warehouse file, each a process of its own: what it took, and how long each model took."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

PROJECT_DIR = Path(__file__).resolve().parents[2]
# as dagster_project/assets/dbt.py divides them: what reads findings or marts comes after the judges
AFTER_FINDINGS = "source:quality+ path:models/marts+"
CONFORMED = "resource_type:seed path:models/staging path:models/intermediate"
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
# DuckDB keeps its data below this; dbt and Python come on top, and what does not fit goes beside the warehouse file
MEMORY_LIMIT = "6GB"
JUDGE = (
    "import sys; from datetime import datetime; from pathlib import Path; from expectations import evaluate; "
    "evaluate(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))"
)


@dataclass
class Step:
    """One process: wall and CPU seconds, the largest resident set in MB, and seconds by model."""

    name: str
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    models: dict[str, float] = field(default_factory=dict)


@dataclass
class Night:
    """All steps of a night, and the size of the file after it in MB."""

    steps: list[Step]
    file_mb: float

    @property
    def models(self) -> dict[str, float]:
        """Seconds by model, seed left out."""
        return {name: seconds for step in self.steps for name, seconds in step.models.items()}

    @property
    def model_seconds(self) -> float:
        return sum(self.models.values())

    @property
    def wall_seconds(self) -> float:
        return sum(step.wall_seconds for step in self.steps)

    @property
    def cpu_seconds(self) -> float:
        return sum(step.cpu_seconds for step in self.steps)

    @property
    def peak_mb(self) -> float:
        return max(step.peak_mb for step in self.steps)


def build_night(warehouse: Path, as_of: datetime, folder: Path) -> Night:
    """Conformed tables, findings, marts, in the order of the nightly run."""
    moment = as_of.strftime("%Y-%m-%d %H:%M:%S")
    steps = [
        _dbt("conformed", ["--select", CONFORMED, "--exclude", AFTER_FINDINGS], warehouse, moment, folder),
        _measured("judge", [sys.executable, "-c", JUDGE, str(warehouse), as_of.isoformat()], {}, folder),
        _dbt("marts", ["--select", AFTER_FINDINGS], warehouse, moment, folder),
    ]
    return Night(steps, _file_mb(warehouse))


def _dbt(name: str, selection: Sequence[str], warehouse: Path, moment: str, folder: Path) -> Step:
    target = folder / "target"
    environment = {
        "CRM_WAREHOUSE": str(warehouse),
        "CRM_AS_OF": moment,
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DO_NOT_TRACK": "1",
    }
    command = [
        *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "build", *NO_TESTS),
        *("--project-dir", str(PROJECT_DIR / "dbt"), "--profiles-dir", str(_profiles(folder)), *selection),
    ]
    step = _measured(name, command, environment, folder)
    results = json.loads((target / "run_results.json").read_text())["results"]
    step.models = {
        result["unique_id"].split(".")[-1]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
    }
    return step


def _profiles(folder: Path) -> Path:
    """The project's own profile with a limit on memory, so that the machine's size does not decide."""
    profile = yaml.safe_load((PROJECT_DIR / "dbt" / "profiles.yml").read_text())
    written = folder / "profiles" / "profiles.yml"
    written.parent.mkdir(parents=True, exist_ok=True)
    profile["crm"]["outputs"]["warehouse"]["config_options"] = {"memory_limit": MEMORY_LIMIT}
    written.write_text(yaml.safe_dump(profile))
    return written.parent


def _measured(name: str, command: Sequence[str], environment: dict[str, str], folder: Path) -> Step:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own modules and dbt
            command, cwd=PROJECT_DIR, stdout=output, stderr=output, env={**os.environ, **environment}
        )
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}; its last words:\n{log.read_text()[-3000:]}")
    # ru_maxrss is in kibibytes on Linux
    return Step(name, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def _file_mb(warehouse: Path) -> float:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("checkpoint")
    return warehouse.stat().st_size / 1e6
