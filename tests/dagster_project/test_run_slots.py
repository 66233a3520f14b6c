"""Slots of Dagster's pools: kept while the process that claimed them lives, free as soon as it is dead."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.run_history import PooledEventLogStorage

POOL = "warehouse"
CLAIM_AND_STAY = """
import sys, time
from dagster_project.run_history import PooledEventLogStorage
storage = PooledEventLogStorage(sys.argv[1])
storage.set_concurrency_slots("warehouse", 1)
print(storage.claim_concurrency_slot("warehouse", "first", "marts").is_claimed, flush=True)
time.sleep(60)
"""


@pytest.fixture
def first_run(tmp_path: Path) -> subprocess.Popen[str]:
    """A process of another run that holds the only slot."""
    process = subprocess.Popen([sys.executable, "-c", CLAIM_AND_STAY, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "True"
    return process


def test_a_slot_waits_for_a_run_that_lives_and_not_for_one_that_was_killed(
    first_run: subprocess.Popen[str], tmp_path: Path
) -> None:
    storage = PooledEventLogStorage(str(tmp_path))

    while_it_lives = storage.claim_concurrency_slot(POOL, "second", "marts").is_claimed
    first_run.send_signal(signal.SIGKILL)
    first_run.communicate()
    when_it_is_dead = storage.claim_concurrency_slot(POOL, "second", "marts").is_claimed

    storage.dispose()
    assert (while_it_lives, when_it_is_dead) == (False, True)


def test_a_queue_sees_no_slot_of_a_killed_run(first_run: subprocess.Popen[str], tmp_path: Path) -> None:
    storage = PooledEventLogStorage(str(tmp_path))

    held_before = storage.get_concurrency_info(POOL).active_run_ids
    first_run.send_signal(signal.SIGKILL)
    first_run.communicate()
    held_after = storage.get_concurrency_info(POOL).active_run_ids

    storage.dispose()
    assert (held_before, held_after) == ({"first"}, set())
    assert list((tmp_path / "alive").iterdir()) == []
