"""What a run of HubSpot keeps aside: gone with the run, and with the next one where the run was killed."""

import subprocess
import sys
from pathlib import Path

from connectors.hubspot.scratch import Scratch

KEEP_SOMETHING = """
import os, signal, sys
from pathlib import Path
from connectors.hubspot.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
scratch.write(b"Ottilie")
print("kept", flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_kept_aside_is_removed_by_the_next_and_not_while_it_lives(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_SOMETHING, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        other, next_run = Scratch(tmp_path), Scratch(tmp_path)
        other.write(b"{}")
        assert len(list(tmp_path.iterdir())) == 2
        process.communicate("\n")

    mine = next_run.write(b"{}")

    assert sorted(path.name for path in tmp_path.rglob("*.json")) == ["000001.json", "000001.json"]
    assert not [path for path in tmp_path.rglob("*.json") if b"Ottilie" in path.read_bytes()]
    next_run.close()
    assert not mine.exists()
    other.close()
    assert list(tmp_path.iterdir()) == []
