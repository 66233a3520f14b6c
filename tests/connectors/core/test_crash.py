"""kill -9 at any instant, then a rerun: the same tables as an undisturbed run."""

import json
import subprocess
import sys
from pathlib import Path

POINTS = 16


def test_a_run_killed_at_any_instant_is_made_good_by_the_next_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.connectors.core.crash_run", str(tmp_path), str(POINTS)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == POINTS, done.stderr
    assert [line["where"] for line in lines if not line["was_killed"]] == []
    assert [line for line in lines if line["rerun"] or not line["is_same"] or not line["is_replayed"]] == []
    # the instants reach from the first folder to the last close of the warehouse
    assert len({line["where"] for line in lines}) > POINTS // 3
