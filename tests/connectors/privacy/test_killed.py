"""kill -9 while values are taken out of the log: the next run ends with a whole log that has them nowhere."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long  # many histories, each killed and played again

POINTS = 8


@pytest.mark.parametrize("action", ["erase", "hash", "block"])
def test_killed_at_any_instant_it_is_finished_by_the_next_run(tmp_path: Path, action: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.connectors.privacy.erasing_run", str(tmp_path), action, str(POINTS)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == POINTS, done.stderr
    assert [line["where"] for line in lines if not line["was_killed"]] == []
    wrong = [line for line in lines if line["rerun"] or not line["is_same"] or line["rubbish"] or any(line["still_in"])]
    assert wrong == []
    assert len({line["where"] for line in lines}) > POINTS // 3
