"""`make bench`: wall time of `make demo` after install, first night and next day, and of importing the definitions.

Runs in a fresh data folder below data/, on the `demo` world, and rewrites benchmarks/results/demo.md.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
FOLDER = PROJECT_DIR / "data" / "benchmark"
RESULTS = Path(__file__).parent / "results" / "demo.md"
RUNS = 3
NIGHTS = (("first night", 60), ("next day", 40))
IMPORT_GOAL_SECONDS = 6


def main() -> None:
    """Measure and write the table."""
    nights: dict[str, list[dict[str, object]]] = {name: [] for name, _ in NIGHTS}
    for _ in range(RUNS):
        shutil.rmtree(FOLDER, ignore_errors=True)
        for name, _ in NIGHTS:
            nights[name].append(_play_night())
    imports = [_seconds([sys.executable, "-c", "import dagster_project.definitions"]) for _ in range(RUNS)]
    RESULTS.write_text(_page(nights, imports))
    shutil.rmtree(FOLDER, ignore_errors=True)
    sys.stdout.write(RESULTS.read_text())


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "CRM_SOURCE": "sandbox",
        "CRM_DATA_DIR": str(FOLDER),
        "DAGSTER_HOME": str(FOLDER / "dagster"),
    }


def _play_night() -> dict[str, object]:
    wall = _seconds([sys.executable, "-m", "dagster_project.demo"])
    timings: dict[str, object] = json.loads((FOLDER / "demo_timings.json").read_text())
    return {"wall": wall, **timings}


def _seconds(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, cwd=PROJECT_DIR, env=_environment(), check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.monotonic() - started


def _page(nights: dict[str, list[dict[str, object]]], imports: list[float]) -> str:
    lines = [
        "# The demo, measured",
        "",
        f"`make bench` on {datetime.now(UTC).date().isoformat()}: {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {platform.system()}; median of {RUNS} runs, install left out.",
        "",
        "| what | seconds | goal |",
        "|---|---|---|",
    ]
    for name, goal in NIGHTS:
        lines.append(
            f"| `make demo`, {name} | {_median([_number(run['wall']) for run in nights[name]]):.1f} | {goal} |"
        )
    lines.append(f"| `import dagster_project.definitions` | {_median(imports):.1f} | {IMPORT_GOAL_SECONDS} |")
    lines += ["", "Where the seconds go (medians):", "", "| step | first night | next day |", "|---|---|---|"]
    first, following = (nights[name] for name, _ in NIGHTS)
    for step in _steps(first[0]):
        lines.append(f"| {step} | {_step(first, step)} | {_step(following, step)} |")
    for total in ("rows", "calls"):
        lines.append(
            f"| {total} read from both CRMs | {_number(first[0][total]):,.0f} | {_number(following[0][total]):,.0f} |"
        )
    return "\n".join(lines) + "\n"


def _steps(run: dict[str, object]) -> list[str]:
    seconds = run["seconds"]
    return list(seconds) if isinstance(seconds, dict) else []


def _step(runs: list[dict[str, object]], step: str) -> str:
    found = [
        _number(run["seconds"][step]) for run in runs if isinstance(run["seconds"], dict) and step in run["seconds"]
    ]
    return f"{_median(found):.1f}" if found else ""


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _number(value: object) -> float:
    return float(str(value))


if __name__ == "__main__":
    main()
