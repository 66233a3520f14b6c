"""Syncs in processes of their own: a server that has imported everything and opened nothing forks one for each.

`python -m tests.search.runner` reads one JSON object per line, forks a child that syncs as it says, and writes the
child's wait status. What the sync came to is in `result.json` of its folder; a child that dies leaves none.
Nothing waits here: `time.sleep` returns almost at once, so that a refusal that asks for ten seconds costs none.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 240
LONGEST_SLEEP = 0.002
RULES = '[salesforce.custom_objects]\nallow = ["*__c"]\n'


@dataclass(frozen=True)
class Outcome:
    """What became of a sync. `status` is the process's; `exit_code` the report's, None if it did not get that far."""

    status: int
    exit_code: int | None = None
    is_complete: bool = False
    is_partial: bool = False
    held: int = 0
    refused: str = ""
    crash: str = ""
    streams: Sequence[str] = field(default_factory=tuple)

    @property
    def was_killed(self) -> bool:
        """Whether it died as asked."""
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    @property
    def is_sound(self) -> bool:
        """Whether it ended in one of the ways in which a run may end."""
        return self.was_killed or (os.WIFEXITED(self.status) and not self.crash)


class Runner:
    """The server process, from the side of whoever asks it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.search.runner"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """The runner itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the server."""
        self._process.communicate()

    def run(self, folder: Path, **asked: object) -> Outcome:
        """Sync as asked: `work` (sync or compact), `url`, `crm`, and `budget`, `full`, `kill`, `page_rows`."""
        result = folder / "result.json"
        result.unlink(missing_ok=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), **asked}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the server of syncs is gone"
        found: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
        return Outcome(int(line), **found)


def main() -> None:
    """Serve until standard input closes."""
    time.sleep = _nap
    import tests.search.syncing  # noqa: F401 - children find it imported

    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _work(asked)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


def _nap(seconds: float, _sleep: Any = time.sleep) -> None:
    _sleep(min(seconds, LONGEST_SLEEP))


def _work(asked: dict[str, Any]) -> None:
    """The child's life."""
    from tests.search.syncing import work

    signal.alarm(LONGEST_SECONDS)
    try:
        found = work(asked)
    except BaseException:  # noqa: BLE001 - told to whoever asked
        found = {"crash": traceback.format_exc()}
    sys.setprofile(None)
    (Path(asked["folder"]) / "result.json").write_text(json.dumps(found))
    os._exit(0)


class Death(logging.Handler):
    """Dies as if the power went: `answer:7` behind the seventh answer, `event:3` at the third event, `instant:900`.

    An instant is a call of ours into files or DuckDB, before or after it.
    """

    def __init__(self, moment: str) -> None:
        super().__init__(logging.DEBUG)
        self.kind, _, number = moment.partition(":")
        self._left = int(number or 0)

    def count(self) -> None:
        """One more; it may be the last."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def emit(self, record: logging.LogRecord) -> None:
        """An answer came."""
        self.count()

    def profile(self, frame: FrameType, event: str, argument: Any) -> None:
        """What `sys.setprofile` calls."""
        if event not in ("c_call", "c_return"):
            return
        file = frame.f_code.co_filename
        if argument.__name__ in _CALLS and (f"{os.sep}connectors{os.sep}" in file or "pathlib" in file):
            self.count()


_FILES = ("open", "replace", "rename", "mkdir", "unlink", "rmdir", "write", "fsync", "truncate", "flock", "close")
_CALLS = frozenset([*_FILES, "execute", "fetchone", "fetchall", "connect"])

if __name__ == "__main__":
    main()
