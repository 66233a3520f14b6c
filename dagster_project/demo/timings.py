"""Where a night's seconds went, kept for benchmarks/demo.py."""

import json

from dagster_project.demo.progress import Progress
from dagster_project.settings import Paths


def write_timings(paths: Paths, *, total: float, until_run: float, progress: Progress) -> None:
    """Write `demo_timings.json` below the data folder: seconds of wall time by step, and API calls and rows read."""
    steps = {step.title: round(step.seconds, 2) for step in progress.steps.values()}
    timings = {
        "seconds": {
            "until the run starts (world, sandbox)": round(until_run, 2),
            **steps,
            "all": round(total, 2),
        },
        "rows": sum(line.rows for line in progress.objects.values()),
        "calls": sum(line.calls for line in progress.objects.values()),
    }
    (paths.data_dir / "demo_timings.json").write_text(json.dumps(timings, indent=2) + "\n")
